"""The watcher over the chain in memory: what its sink holds in the end is the log of the chain, once, in order."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.errors import NodeUnavailable, ReorgBeyondRetention, RpcRefused
from agents_offchain.chain.watcher import StepResult, Watcher
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Inbox, InboxItem, InboxSink
from agents_offchain.storage.tables.journal import headers, inbox
from tests.fakes.chain import PASS, Call, FakeChain, FakeNode, Log, RpcTrouble
from tests.fakes.contracts import ESCROW_ABI, encode_log
from tests.fakes.crash import Crash, Killed, Mortal, MortalDatabase
from tests.fakes.deployment import DEPLOYMENT, ESCROW
from tests.fakes.inline_sqlite import clear

pytestmark = pytest.mark.unit
CLIENT = bytes([0xC1]) * 20


class Speaker:
    """A contract that says what it is told: calldata n makes `BudgetSet(jobId=n)`, n times for n below 4."""

    def execute(self, call: Call) -> tuple[bytes, list[Log]]:
        number = int.from_bytes(call.data, "big")
        return b"", [encode_log(ESCROW_ABI, "BudgetSet", jobId=number, amount=index) for index in range(min(number, 3))]


class TwoVoices:
    """A contract that says two kinds of things at once."""

    def execute(self, call: Call) -> tuple[bytes, list[Log]]:
        number = int.from_bytes(call.data, "big")
        budget = encode_log(ESCROW_ABI, "BudgetSet", jobId=number, amount=1)
        return b"", [budget, encode_log(ESCROW_ABI, "JobFunded", jobId=number, client=CLIENT, amount=1)]


class Scene:
    """A chain whose escrow speaks on demand, and a watcher that fills an inbox."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.chain = FakeChain()
        self.chain.contracts[ESCROW] = Speaker()
        self.node = FakeNode(self.chain)
        self.inbox = Inbox(database, "agent", ManualClock())
        self.settings = settings
        self.spoken = 0
        self.watcher = self.start()

    def start(self, crash: Crash | None = None) -> Watcher:
        """A watcher as a new process would build it."""
        crash = crash or Crash()
        node: Any = Mortal(self.node, crash, "node")
        return Watcher(
            consumer="agent",
            node=node,
            database=MortalDatabase(self.database, crash),
            deployment=DEPLOYMENT,
            sink=InboxSink("agent", lambda _: True, jsonable, ManualClock()),
            clock=ManualClock(),
            **self.settings,
        )

    def speak(self, times: int = 1) -> None:
        """Put events into the next block."""
        for _ in range(times):
            self.spoken += 1
            self.chain.transact(CLIENT, ESCROW, self.spoken.to_bytes(4, "big"))

    async def catch_up(self) -> StepResult:
        for _ in range(200):
            result = await self.watcher.step()
            if result.is_caught_up:
                return result
        raise AssertionError("never caught up")

    async def held(self) -> list[tuple[int, bytes, int, int]]:
        """(block, transaction, log index, job) of every fact that stands, in order."""
        query = select(inbox).where(inbox.c.status != "orphaned").order_by(inbox.c.block_number, inbox.c.log_index)
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [(row.block_number, bytes(row.tx_hash), row.log_index, int(row.args["jobId"])) for row in rows]

    def said(self, *, depth: int = 0) -> list[tuple[int, bytes, int, int]]:
        """The same, read from the chain itself."""
        return [
            (
                block.number,
                bytes.fromhex(entry["transactionHash"][2:]),
                int(entry["logIndex"], 16),
                int(entry["topics"][1], 16),
            )
            for block in self.chain.blocks[: len(self.chain.blocks) - depth]
            for entry in block.logs
        ]


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


async def test_step__over_blocks_with_events__takes_each_once_in_chain_order(scene: Scene) -> None:
    for _ in range(6):
        scene.speak(2)
        scene.chain.mine(2)
    result = await scene.catch_up()
    assert await scene.held() == scene.said() != []
    assert (result.block_number, result.head_number) == (12, 12)
    assert [item.block_number for item in await scene.inbox.pending()] == sorted(b for b, *_ in scene.said())


async def test_step__again_without_new_blocks__takes_nothing_and_asks_little(scene: Scene) -> None:
    scene.speak()
    scene.chain.mine()
    await scene.catch_up()
    scene.node.count.clear()
    result = await scene.watcher.step()
    assert (result.events, result.is_caught_up) == (0, True)
    assert scene.node.count == {"eth_blockNumber": 1, "eth_getBlockByNumber": 1}


async def test_step__of_a_watcher_started_anew__goes_on_where_the_last_one_was(scene: Scene) -> None:
    scene.speak()
    scene.chain.mine(3)
    await scene.catch_up()
    scene.speak()
    scene.chain.mine(3)
    scene.watcher = scene.start()
    result = await scene.watcher.step()
    assert result.events == 2
    assert await scene.held() == scene.said()


async def test_step__with_confirmations__takes_only_what_is_deep_enough(database: Database) -> None:
    scene = Scene(database, confirmations=3)
    for _ in range(6):
        scene.speak()
        scene.chain.mine()
    result = await scene.catch_up()
    assert result.block_number == 3
    assert await scene.held() == scene.said(depth=3)


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 7, 20])
async def test_step__after_a_reorganisation__holds_what_the_new_branch_says(
    scene: Scene, depth: int, drop: bool
) -> None:
    for _ in range(20):
        scene.speak()
        scene.chain.mine()
    await scene.catch_up()
    scene.chain.reorg(depth, drop=drop)
    rolled = await scene.watcher.step()
    assert rolled.rolled_back_to == 20 - depth
    await scene.catch_up()
    assert await scene.held() == scene.said()


@pytest.mark.parametrize("extra", [-2, 0])
async def test_step__after_a_reorganisation_to_a_branch_not_longer__holds_what_it_says(
    scene: Scene, extra: int
) -> None:
    for _ in range(6):
        scene.speak()
        scene.chain.mine()
    await scene.catch_up()
    scene.chain.reorg(4, drop=True, extra=extra)
    await scene.watcher.step()
    await scene.catch_up()
    assert await scene.held() == scene.said()


async def test_step__when_an_event_returns_in_another_block__is_new_once_more(scene: Scene) -> None:
    scene.speak()
    scene.chain.mine()
    await scene.catch_up()
    (item,) = await scene.inbox.pending()
    async with scene.database.write() as connection:
        await scene.inbox.mark_done(connection, item)
    scene.chain.reorg(1, empty=True)
    await scene.watcher.step()
    await scene.catch_up()
    assert await scene.inbox.pending() == []
    assert await _statuses(scene) == ["orphaned"]
    scene.chain.mine()
    await scene.catch_up()
    (returned,) = await scene.inbox.pending()
    assert (returned.tx_hash, returned.block_number, returned.attempts) == (item.tx_hash, 3, 0)


async def test_step__when_a_handled_event_is_taken_back_for_good__keeps_it_as_orphaned(scene: Scene) -> None:
    scene.speak(2)
    scene.chain.mine()
    await scene.catch_up()
    done, dead, _ = await scene.inbox.pending()
    async with scene.database.write() as connection:
        await scene.inbox.mark_done(connection, done)
    assert await scene.inbox.mark_failed(dead, "no", max_attempts=1)
    scene.chain.reorg(1, drop=True)
    await scene.watcher.step()
    assert await _statuses(scene) == ["orphaned", "orphaned"]


async def test_step__beyond_the_kept_headers__is_contested(database: Database) -> None:
    scene = Scene(database, retained=8)
    for _ in range(20):
        scene.chain.mine()
        await scene.watcher.step()
    scene.chain.reorg(12)
    with pytest.raises(ReorgBeyondRetention, match="headers kept by agent"):
        await scene.watcher.step()


async def test_step__at_any_time__keeps_no_more_headers_than_it_should(database: Database) -> None:
    scene = Scene(database, retained=8)
    for count in (1, 50, 3, 1, 1):
        scene.chain.mine(count)
        await scene.catch_up()
    async with database.read() as connection:
        numbers = list((await connection.execute(select(headers.c.block_number))).scalars())
    assert len(numbers) <= 9
    assert max(numbers) == scene.chain.head.number


async def test_step__when_the_range_is_refused__asks_for_half_and_grows_again(database: Database) -> None:
    scene = Scene(database, retained=8, range_blocks=100)
    for _ in range(30):
        scene.speak()
        scene.chain.mine(5)
    scene.chain.max_range = 7
    refusals = 0
    for _ in range(200):
        try:
            if (await scene.watcher.step()).is_caught_up:
                break
        except NodeUnavailable:
            refusals += 1
    assert refusals > 0
    assert await scene.held() == scene.said()
    scene.chain.max_range = None
    before = scene.node.count["eth_getLogs"]
    scene.chain.mine(500)
    await scene.catch_up()
    assert scene.node.count["eth_getLogs"] - before < 30


async def test_step__when_even_one_block_is_refused__says_what_the_node_said(scene: Scene) -> None:
    scene.chain.mine()
    scene.chain.max_range = 0
    with pytest.raises(RpcRefused, match="max block range"):
        await scene.watcher.step()


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getLogs", "eth_blockNumber"])
@pytest.mark.parametrize("occurrence", [1, 2, 3, 4])
@pytest.mark.parametrize("drop", [True, False])
async def test_step__when_the_chain_changes_while_it_is_read__ends_with_the_new_branch(
    scene: Scene, method: str, occurrence: int, drop: bool
) -> None:
    for _ in range(4):
        scene.speak()
        scene.chain.mine()
    await scene.catch_up()
    for _ in range(3):
        scene.speak()
        scene.chain.mine()
    left = occurrence

    def reorganise(called: str, _params: list[Any]) -> Any:
        nonlocal left
        if called == method:
            left -= 1
            if left == 0:
                scene.chain.reorg(4, drop=drop)
        return PASS

    scene.node.intercept = reorganise
    for _ in range(12):
        try:
            await scene.watcher.step()
        except NodeUnavailable:
            continue
    assert await scene.held() == scene.said()


async def test_step__when_the_logs_are_of_another_branch_than_the_headers__takes_none_of_them(scene: Scene) -> None:
    await scene.catch_up()
    scene.speak()
    scene.chain.mine()

    def reorganise(method: str, _params: list[Any]) -> Any:
        if method == "eth_getLogs":
            scene.chain.reorg(1, extra=0)
        return PASS

    scene.node.intercept = reorganise
    with pytest.raises(NodeUnavailable, match="while its logs were read"):
        await scene.watcher.step()
    assert await scene.held() == []


async def test_step__when_the_node_forgets_blocks_of_a_range__reads_again(scene: Scene) -> None:
    for _ in range(5):
        scene.speak()
        scene.chain.mine()
    forgets = True

    def forget(method: str, params: list[Any]) -> Any:
        return None if forgets and method == "eth_getBlockByNumber" and params[0] == "0x3" else PASS

    scene.node.intercept = forget
    with pytest.raises(NodeUnavailable, match="lost blocks"):
        await scene.watcher.step()
    forgets = False
    await scene.catch_up()
    assert await scene.held() == scene.said()


@pytest.mark.parametrize("left_out", [slice(None), slice(1, None), slice(None, 1)])
async def test_step__when_the_node_leaves_out_logs__asks_again_and_misses_none(scene: Scene, left_out: slice) -> None:
    """All of them, all but the first kind, or the first kind alone."""
    await scene.catch_up()
    scene.chain.contracts[ESCROW] = TwoVoices()
    scene.speak()
    scene.chain.mine()

    def leave_out(method: str, params: list[Any]) -> Any:
        if method != "eth_getLogs":
            return PASS
        logs = scene.chain.answer(method, params)
        kinds = sorted({entry["topics"][0] for entry in logs})[left_out]
        return [entry for entry in logs if entry["topics"][0] not in kinds]

    scene.node.intercept = leave_out
    with pytest.raises(NodeUnavailable, match="left out logs"):
        await scene.watcher.step()
    assert await scene.held() == []
    scene.node.intercept = None
    await scene.catch_up()
    assert await scene.held() == scene.said() != []


async def test_step__when_a_node_tells_no_receipts__takes_what_it_gives(scene: Scene) -> None:
    """A bloom that admits too much must not stop a watcher for ever."""
    await scene.catch_up()
    scene.speak()
    scene.chain.mine()

    def refuse(method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockReceipts":
            raise RpcTrouble(-32601, "the method does not exist")
        return [] if method == "eth_getLogs" else PASS

    scene.node.intercept = refuse
    assert (await scene.catch_up()).is_caught_up


async def test_step__when_blocks_cannot_be_asked_for_by_hash__asks_for_the_range(scene: Scene) -> None:
    scene.speak()
    scene.chain.mine()

    def refuse(method: str, params: list[Any]) -> Any:
        if method == "eth_getLogs" and "blockHash" in params[0]:
            raise RpcTrouble(-32602, "blockHash is not supported")
        return PASS

    scene.node.intercept = refuse
    await scene.catch_up()
    assert await scene.held() == scene.said() != []


async def test_step__through_dense_history__asks_for_smaller_ranges(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents_offchain.chain.watcher.MOST_LOGS", 20)
    scene = Scene(database, retained=8, range_blocks=64)
    scene.spoken = 3
    for _ in range(120):
        scene.speak()
        scene.chain.mine()
    while not (await scene.watcher.step()).is_caught_up:
        pass
    assert scene.watcher._range <= 8
    assert await scene.held() == scene.said()


async def test_step__when_headers_are_not_linked__reads_again(scene: Scene) -> None:
    scene.chain.mine(3)

    def lie(method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockByNumber" and params[0] == "0x2":
            return {**scene.chain.answer(method, params), "parentHash": "0x" + "99" * 32}
        return PASS

    scene.node.intercept = lie
    with pytest.raises(NodeUnavailable, match="chain changed"):
        await scene.watcher.step()


async def test_step__when_the_node_is_behind__waits_and_takes_nothing_back(scene: Scene) -> None:
    scene.speak()
    scene.chain.mine(5)
    await scene.catch_up()
    held = await scene.held()

    def lag(method: str, params: list[Any]) -> Any:
        if method == "eth_blockNumber":
            return "0x3"
        return None if method == "eth_getBlockByNumber" and int(params[0], 16) > 3 else PASS

    scene.node.intercept = lag
    result = await scene.watcher.step()
    assert (result.rolled_back_to, result.is_caught_up) == (None, True)
    scene.node.intercept = None
    await scene.catch_up()
    assert await scene.held() == held


async def test_step__when_the_node_is_far_behind__waits_for_it(database: Database) -> None:
    scene = Scene(database, retained=8)
    for _ in range(20):
        scene.chain.mine()
        await scene.watcher.step()
    scene.node.intercept = lambda method, _params: "0x2" if method == "eth_blockNumber" else PASS
    with pytest.raises(NodeUnavailable, match="far behind"):
        await scene.watcher.step()


async def test_step__when_the_node_has_not_its_own_head__reads_again(scene: Scene) -> None:
    scene.chain.mine(3)
    await scene.catch_up()
    scene.node.intercept = lambda method, _params: None if method == "eth_getBlockByNumber" else PASS
    with pytest.raises(NodeUnavailable, match="not the blocks"):
        await scene.watcher.step()


async def test_step__over_logs_that_are_not_ours__passes_them_by(scene: Scene) -> None:
    class Noise:
        def execute(self, _call: Call) -> tuple[bytes, list[Log]]:
            return b"", [([b"\7" * 32], b""), ([], b"x"), ([ESCROW_ABI.topic("BudgetSet")], encode(["uint256"], [1]))]

    scene.chain.contracts[ESCROW] = Noise()
    scene.speak()
    scene.chain.mine()
    assert (await scene.watcher.step()).events == 0


async def test_step__when_the_sink_fails__moves_nothing(scene: Scene) -> None:
    class Broken:
        async def apply(self, _connection: Any, _events: Sequence[Any], _head: Any) -> None:
            raise RuntimeError("sink")

        async def roll_back(self, _connection: Any, _last_valid: int) -> None: ...

    scene.speak()
    scene.chain.mine()
    good, scene.watcher.sink = scene.watcher.sink, Broken()
    with pytest.raises(RuntimeError):
        await scene.watcher.step()
    scene.watcher.sink = good
    await scene.catch_up()
    assert await scene.held() == scene.said()


async def test_step__when_a_node_answers_trouble__raises_an_error_of_ours(scene: Scene) -> None:
    def refuse(_method: str, _params: list[Any]) -> Any:
        raise RpcTrouble(-32603, "internal error")

    scene.node.intercept = refuse
    with pytest.raises((RpcRefused, NodeUnavailable)):
        await scene.watcher.step()


SCHEDULES = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.integers(1, 3)),
        st.tuples(st.just("mine"), st.integers(1, 4)),
        st.tuples(st.just("reorg"), st.integers(1, 12)),
        st.tuples(st.just("reorg and forget"), st.integers(1, 12)),
        st.tuples(st.just("shorten"), st.integers(1, 6)),
        st.tuples(st.just("step"), st.none()),
        st.tuples(st.just("killed step"), st.integers(0, 14)),
        st.tuples(st.just("changing step"), st.integers(1, 8)),
        st.tuples(st.just("handle"), st.integers(1, 3)),
    ),
    min_size=4,
    max_size=40,
)


@given(schedule=SCHEDULES)
async def test_any_schedule__of_blocks_reorganisations_and_kills__ends_with_the_chains_log(
    inline_database: Database, schedule: list[tuple[str, int | None]]
) -> None:
    await clear(inline_database)
    scene = Scene(inline_database, retained=400)
    for action, value in schedule:
        await _act(scene, action, value or 0)
    scene.node.intercept = None
    scene.watcher = scene.start()
    scene.chain.mine(8)
    await scene.catch_up()
    assert await scene.held() == scene.said()


async def _act(scene: Scene, action: str, number: int) -> None:  # noqa: C901
    match action:
        case "speak":
            scene.speak(number)
        case "mine":
            scene.chain.mine(number)
        case "reorg":
            scene.chain.reorg(number)
        case "reorg and forget":
            scene.chain.reorg(number, drop=True)
        case "shorten":
            scene.chain.reorg(number, drop=True, extra=-number)
        case "handle":
            for item in await scene.inbox.pending(number):
                await _handle(scene, item)
        case "step":
            await _step(scene, scene.start())
        case "killed step":
            await _step(scene, scene.start(Crash(number)))
        case "changing step":
            await _step_while_changing(scene, number)


async def _step(scene: Scene, watcher: Watcher) -> None:
    with contextlib.suppress(Killed, NodeUnavailable):
        await watcher.step()


async def _step_while_changing(scene: Scene, at_request: int) -> None:
    left = at_request

    def change(_method: str, _params: list[Any]) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            scene.chain.reorg(3)
        return PASS

    scene.node.intercept = change
    await _step(scene, scene.start())
    scene.node.intercept = None


async def _handle(scene: Scene, item: InboxItem) -> None:
    async with scene.database.write() as connection:
        await scene.inbox.mark_done(connection, item)


async def _statuses(scene: Scene) -> list[str]:
    async with scene.database.read() as connection:
        return list((await connection.execute(select(inbox.c.status))).scalars())
