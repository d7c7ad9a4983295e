from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agents_offchain.chain.errors import GasMissing, NodeUnavailable
from agents_offchain.chain.fees import FeePolicy, gas_limit_of, recipient_of
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Intent
from tests.fakes.chain import GAS_USED, PASS, encode_transaction
from tests.unit.chain.lane import ACCOUNT, GWEI, REFUSING, TALLY, Lane

pytestmark = pytest.mark.unit


@pytest.fixture
def lane(database: Database) -> Lane:
    return Lane(database)


async def test_step__with_planned_intents__mines_each_once_in_order(lane: Lane) -> None:
    for key in "abc":
        await lane.plan(key)
    await lane.run_to_end(await lane.start())
    await lane.check()
    assert [tx.data for tx in lane.chain.mined_of(ACCOUNT)] == [b"a", b"b", b"c"]
    item = await lane.outbox.status("a")
    assert item is not None
    assert (item.status, item.gas_used, item.block_number) == ("confirmed", GAS_USED, 1)


async def test_step__when_the_simulation_reverts__fails_with_a_reason_and_sends_nothing(lane: Lane) -> None:
    await lane.plan("no", REFUSING)
    await lane.plan("yes")
    await lane.run_to_end(await lane.start())
    await lane.check()
    item = await lane.outbox.status("no")
    assert item is not None
    assert (item.status, item.error) == ("failed", "The contract refused without a reason.")
    assert len(lane.chain.mined_of(ACCOUNT)) == 1


async def test_step__when_a_sent_call_reverts_on_chain__fails_with_a_reason(database: Database) -> None:
    lane = Lane(database, is_once=True)
    stranger = bytes([0xB2]) * 20
    await lane.plan("a")
    sender = await lane.start()
    await sender.step()
    raw = encode_transaction(31337, stranger, 0, TALLY, b"a", 10**12, GAS_USED)
    ours = lane.chain.mempool.popitem()
    lane.chain.broadcast(raw)
    lane.chain.mine()
    lane.chain.mempool[ours[0]] = ours[1]
    for _ in range(4):
        await lane.turn(sender)
    item = await lane.outbox.status("a")
    assert item is not None
    assert (item.status, item.error) == ("failed", "The transaction reverted on the chain.")


async def test_step__before_depth__does_not_confirm(lane: Lane) -> None:
    await lane.plan("a")
    sender = await lane.start(confirmations=3)
    for _ in range(4):
        await lane.turn(sender)
        item = await lane.outbox.status("a")
        assert item is not None
        assert item.status == "sent"
    await lane.turn(sender)
    item = await lane.outbox.status("a")
    assert item is not None
    assert item.status == "confirmed"


async def test_step__with_zero_confirmations__confirms_at_the_receipt(lane: Lane) -> None:
    await lane.plan("a")
    sender = await lane.start(confirmations=0)
    await lane.turn(sender)
    await sender.step()
    item = await lane.outbox.status("a")
    assert item is not None
    assert item.status == "confirmed"


async def test_step__with_more_planned_than_may_fly__sends_the_rest_later(lane: Lane) -> None:
    for index in range(7):
        await lane.plan(f"k{index}")
    sender = await lane.start(max_in_flight=3)
    await sender.step()
    assert len(lane.chain.mempool) == 3
    await sender.step()
    assert len(lane.chain.mempool) == 3
    await lane.run_to_end(sender)
    await lane.check()


async def test_step__when_a_broadcast_is_lost__repeats_the_same_bytes(lane: Lane) -> None:
    lane.chain.losing = 2
    await lane.plan("a")
    await lane.run_to_end(await lane.start())
    await lane.check()
    assert len(lane.signer.signed) == 1


async def test_step__when_the_mempool_is_forgotten__repeats_the_same_bytes(lane: Lane) -> None:
    await lane.plan("a")
    sender = await lane.start()
    await sender.step()
    lane.chain.forget_mempool()
    await lane.run_to_end(sender)
    await lane.check()
    assert len(lane.signer.signed) == 1


async def test_step__when_stuck__offers_more_for_the_same_nonce_up_to_the_cap(lane: Lane) -> None:
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.chain.base_fee = 90 * GWEI
    await lane.run_to_end(sender)
    await lane.check()
    offers = [fields["maxFeePerGas"] for fields in lane.signer.signed]
    assert len(offers) > 1
    assert offers == sorted(offers)
    assert offers[-1] <= 100 * GWEI
    assert {fields["nonce"] for fields in lane.signer.signed} == {0}
    assert {fields["gas"] for fields in lane.signer.signed} == {GAS_USED * 125 // 100}


async def test_step__when_stuck_over_the_cap__waits_without_signing_more(lane: Lane) -> None:
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.chain.base_fee = 200 * GWEI
    for _ in range(40):
        await lane.turn(sender)
    signed = len(lane.signer.signed)
    for _ in range(20):
        await lane.turn(sender)
    assert len(lane.signer.signed) == signed
    lane.chain.base_fee = GWEI
    await lane.run_to_end(sender)
    await lane.check()


async def test_step__when_stuck_with_its_own_call_pending__still_offers_more(database: Database) -> None:
    """The pending state already holds our call, so simulating it anew would revert."""
    lane = Lane(database, is_once=True)
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.clock.advance(6)
    await sender.step()
    assert len(lane.signer.signed) == 2
    await lane.run_to_end(sender)
    await lane.check()


async def test_step__when_the_nonce_was_used_elsewhere__plans_anew_and_takes_effect_once(database: Database) -> None:
    lane = Lane(database, is_once=True)
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.chain.forget_mempool()
    lane.chain.transact(ACCOUNT, TALLY, b"elsewhere")
    lane.chain.mine()
    await lane.run_to_end(sender)
    await lane.check(is_alone=False)
    assert lane.effects() == {b"a": 1, b"elsewhere": 1}


async def test_step__when_a_receipt_comes_later_than_the_nonce__does_not_send_again(lane: Lane) -> None:
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.chain.mine(3)
    lane.node.intercept = lambda method, _params: None if method == "eth_getTransactionReceipt" else PASS
    await sender.step()
    lane.node.intercept = None
    await lane.run_to_end(sender)
    await lane.check()
    assert len(lane.signer.signed) == 1


async def test_step__when_the_same_call_was_sent_elsewhere__fails_instead_of_repeating(database: Database) -> None:
    lane = Lane(database, is_once=True)
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.chain.forget_mempool()
    lane.chain.transact(ACCOUNT, TALLY, b"a")
    lane.chain.mine()
    for _ in range(6):
        await lane.turn(sender)
    item = await lane.outbox.status("a")
    assert item is not None
    assert (item.status, lane.effects()) == ("failed", {b"a": 1})


@pytest.mark.parametrize("depth", [1, 2, 5])
async def test_step__when_the_chain_takes_back_a_sent_transaction__repeats_the_same_bytes(
    lane: Lane, depth: int
) -> None:
    sender = await lane.start(confirmations=10)
    await lane.plan("a")
    for _ in range(depth):
        await lane.turn(sender)
    lane.chain.reorg(depth, drop=True)
    await lane.run_to_end(sender)
    await lane.check()
    assert len(lane.signer.signed) == 1


@pytest.mark.parametrize("is_told", [True, False])
async def test_step__when_the_chain_takes_back_a_confirmed_transaction__repeats_the_same_bytes(
    lane: Lane, is_told: bool
) -> None:
    sender = await lane.start()
    await lane.plan("a")
    await lane.plan("b")
    await lane.run_to_end(sender)
    height = lane.chain.head.number
    lane.chain.reorg(height, drop=True)
    if is_told:
        assert await sender.reopen_above(0) == 2
        assert await lane.outbox.count_open() == 2
    await lane.run_to_end(sender)
    await lane.check()
    assert len(lane.signer.signed) == 2


async def test_step__after_a_restart_over_a_reorganisation__finds_what_was_taken_back(lane: Lane) -> None:
    await lane.plan("a")
    await lane.run_to_end(await lane.start())
    lane.chain.reorg(lane.chain.head.number, drop=True)
    await lane.run_to_end(await lane.start())
    await lane.check()


async def test_step__when_a_reverted_transaction_is_mined_again_and_works__is_confirmed(lane: Lane) -> None:
    class Sulking:
        refuses = True

        def execute(self, call):
            return lane.chain.contracts[REFUSING if self.refuses else TALLY].execute(call)

    sulking = Sulking()
    address = bytes([0xC2]) * 20
    lane.chain.contracts[address] = sulking
    sulking.refuses = False
    await lane.plan("a", address)
    sender = await lane.start()
    await sender.step()
    sulking.refuses = True
    await lane.run_to_end(sender)
    item = await lane.outbox.status("a")
    assert item is not None
    assert item.status == "failed"
    sulking.refuses = False
    lane.chain.reorg(lane.chain.head.number)
    await lane.run_to_end(sender)
    item = await lane.outbox.status("a")
    assert item is not None
    assert (item.status, item.error) == ("confirmed", None)


async def test_step__when_an_empty_nonce_blocks_ours__fills_it(lane: Lane) -> None:
    """Somebody used nonce 0, we went on with 1, and a reorganisation forgot nonce 0 for ever."""
    sender = await lane.start(max_in_flight=1)
    lane.chain.transact(ACCOUNT, TALLY, b"elsewhere")
    lane.chain.mine()
    await lane.plan("a")
    await sender.step()
    lane.chain.reorg(1, drop=True, empty=True)
    lane.chain.forget_mempool()
    await lane.run_to_end(sender)
    await lane.check(is_alone=False)
    assert lane.effects() == {b"a": 1}
    assert [tx.to for tx in lane.chain.mined_of(ACCOUNT)] == [ACCOUNT, TALLY]


@pytest.mark.parametrize("does_simulation_tell", [True, False])
async def test_step__without_coin_for_gas__says_so_and_goes_on_once_there_is_some(
    lane: Lane, does_simulation_tell: bool
) -> None:
    sender = await lane.start()
    await lane.plan("a")
    lane.chain.has_funds = False
    if not does_simulation_tell:
        lane.node.intercept = lambda method, _params: hex(GAS_USED) if method == "eth_estimateGas" else PASS
    for _ in range(2):
        with pytest.raises(GasMissing, match="cannot pay"):
            await sender.step()
    lane.chain.has_funds = True
    await lane.run_to_end(sender)
    await lane.check()


@pytest.mark.parametrize(
    "method",
    [
        "eth_blockNumber",
        "eth_estimateGas",
        "eth_getTransactionCount",
        "eth_sendRawTransaction",
        "eth_getTransactionReceipt",
        "eth_getBlockByNumber",
    ],
)
async def test_step__when_the_node_is_away_for_a_while__loses_and_repeats_nothing(lane: Lane, method: str) -> None:
    left = 3

    def away(called: str, _params: list[object]) -> object:
        nonlocal left
        if called == method and left:
            left -= 1
            raise NodeUnavailable("The node does not answer.")
        return PASS

    await lane.plan("a")
    sender = await lane.start()
    lane.node.intercept = away
    failures = 0
    for _ in range(8):
        try:
            await lane.turn(sender)
        except NodeUnavailable:
            failures += 1
            lane.chain.mine()
    assert (failures, left) == (3, 0)
    await lane.check()


async def test_step__of_two_processes_on_one_lane__sends_no_intent_twice(lane: Lane) -> None:
    for index in range(8):
        await lane.plan(f"k{index}")
    first, second = await lane.start(max_in_flight=2), await lane.start(max_in_flight=2)
    for _ in range(40):
        await asyncio.gather(first.step(), second.step())
        lane.chain.mine()
        lane.clock.advance(1)
    assert await lane.outbox.count_open() == 0
    await lane.check()


@pytest.mark.parametrize("pauses", range(12))
async def test_step__when_another_process_acts_in_the_middle__sends_no_intent_twice(lane: Lane, pauses: int) -> None:
    """The first process stands still at its n-th request while a second one runs a whole step."""
    await lane.plan("a")
    await lane.plan("b")
    first, second = await lane.start(), await lane.start()
    original, seen = first.node, 0

    class Pausing:
        def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
            async def call(*args: object, **kwargs: object) -> object:
                nonlocal seen
                seen += 1
                if seen == pauses:
                    await second.step()
                return await getattr(original, name)(*args, **kwargs)

            return call

    first.node = Pausing()  # type: ignore[assignment]
    await first.step()
    for _ in range(6):
        await lane.turn(first)
        await second.step()
    assert await lane.outbox.count_open() == 0
    await lane.check()


async def test_plan__of_a_key_that_is_known__changes_nothing(lane: Lane) -> None:
    await lane.plan("a")
    async with lane.database.write() as connection:
        assert not await lane.outbox.plan(connection, Intent("a", "other", TALLY, b"other"))
    item = await lane.outbox.status("a")
    assert item is not None
    assert item.intent == lane.planned["a"]


async def test_plan__when_the_callers_transaction_fails__plans_nothing(lane: Lane) -> None:
    async def decide() -> None:
        async with lane.database.write() as connection:
            await lane.outbox.plan(connection, Intent("a", "do", TALLY, b"a"))
            raise RuntimeError("the decision was not written")

    with pytest.raises(RuntimeError):
        await decide()
    assert await lane.outbox.status("a") is None


async def test_plan_again__after_a_failed_simulation__is_tried_anew(lane: Lane) -> None:
    sender = await lane.start()
    await lane.plan("no", REFUSING)
    await sender.step()
    lane.chain.contracts[REFUSING] = lane.chain.contracts[TALLY]
    async with lane.database.write() as connection:
        assert await lane.outbox.plan_again(connection, lane.planned["no"])
    await lane.run_to_end(sender)
    item = await lane.outbox.status("no")
    assert item is not None
    assert (item.status, item.error) == ("confirmed", None)


@pytest.mark.parametrize("turns", [0, 1, 5])
async def test_plan_again__of_an_intent_on_its_way_or_mined__changes_nothing(lane: Lane, turns: int) -> None:
    sender = await lane.start()
    await lane.plan("a")
    for _ in range(turns):
        await lane.turn(sender)
    async with lane.database.write() as connection:
        assert not await lane.outbox.plan_again(connection, lane.planned["a"])
    await lane.run_to_end(sender)
    await lane.check()


async def test_withdraw__before_it_was_sent__fails_with_the_reason(lane: Lane) -> None:
    await lane.plan("a")
    async with lane.database.write() as connection:
        await lane.outbox.withdraw(connection, "a", "not wanted")
    await lane.run_to_end(await lane.start())
    item = await lane.outbox.status("a")
    assert item is not None
    assert (item.status, item.error, lane.chain.mined_of(ACCOUNT)) == ("failed", "not wanted", [])


@pytest.mark.parametrize("is_forgotten", [True, False])
async def test_withdraw__on_its_way__is_replaced_by_nothing_under_the_same_nonce(
    lane: Lane, is_forgotten: bool
) -> None:
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    async with lane.database.write() as connection:
        await lane.outbox.withdraw(connection, "a", "not wanted")
    await sender.step()
    if is_forgotten:
        lane.chain.forget_mempool()
    await lane.plan("b")
    await lane.run_to_end(sender)
    assert lane.effects() == {b"b": 1}
    assert [tx.to for tx in lane.chain.mined_of(ACCOUNT)] == [ACCOUNT, TALLY]


async def test_withdraw__too_late__leaves_what_was_mined(lane: Lane) -> None:
    await lane.plan("a")
    await lane.run_to_end(await lane.start())
    async with lane.database.write() as connection:
        await lane.outbox.withdraw(connection, "a", "not wanted")
    await lane.run_to_end(await lane.start())
    await lane.check()


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 6])
async def test_plan_again__of_a_withdrawn_intent__takes_effect_once(lane: Lane, turns: int) -> None:
    """Wanted again before its withdrawal was sent, while it is on its way, and after it was mined."""
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    async with lane.database.write() as connection:
        await lane.outbox.withdraw(connection, "a", "not wanted")
    await sender.step()
    for _ in range(turns):
        await lane.turn(sender)
    async with lane.database.write() as connection:
        assert await lane.outbox.plan_again(connection, lane.planned["a"])
    await lane.run_to_end(sender)
    item = await lane.outbox.status("a")
    assert item is not None
    assert (item.status, item.intent) == ("confirmed", lane.planned["a"])
    assert lane.effects() == {b"a": 1}
    nonces = [tx.nonce for tx in lane.chain.mined_of(ACCOUNT)]
    assert nonces == list(range(len(nonces)))


async def test_step__stuck_before_the_clock_was_put_back__still_offers_more(lane: Lane) -> None:
    sender = await lane.start()
    await lane.plan("a")
    await sender.step()
    lane.chain.base_fee *= 10
    lane.clock.advance(-3_600)
    for _ in range(4):
        await lane.turn(sender)
    await lane.run_to_end(sender)
    await lane.check()


def test_offer__over_the_cap__offers_the_cap_and_no_larger_tip() -> None:
    policy = FeePolicy(tip_wei=10, max_fee_wei=5)
    assert policy.offer(100) == (5, 5)


def test_bump__below_the_cap__offers_at_least_a_tenth_more() -> None:
    policy = FeePolicy(tip_wei=1, max_fee_wei=10_000)
    fee, tip = 100, 1
    while (offer := policy.bump(fee, tip, base_fee_wei=40)) is not None:
        assert offer[0] * 10 >= fee * 11
        assert offer[1] * 10 >= tip * 11
        assert offer[1] <= offer[0] <= 10_000
        fee, tip = offer
    assert fee * 113 // 100 >= 10_000


def test_gas_limit_of__a_signed_transaction__is_what_was_signed() -> None:
    raw = encode_transaction(1, ACCOUNT, 7, TALLY, b"data", 9, 123_456)
    assert (gas_limit_of(raw), recipient_of(raw)) == (123_456, TALLY)
