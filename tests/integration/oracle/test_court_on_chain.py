"""A dispute on the real court: jurors vote, the keeper moves it from the bonds to the money."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from oracle.cli import KEEPER, OracleSurroundings, build_juror, seat_book
from oracle.court.bailiff import Bailiff
from oracle.court.cases import CourtSink
from oracle.court.juror import Juror
from tests.fakes.crash import Crash, Killed, Mortal, MortalDatabase
from tests.integration.oracle.market import DOLLAR, Market, open_market

pytestmark = pytest.mark.integration
JURORS = ("juror-1", "juror-2", "juror-3", "juror-4")
STAKE = 100 * DOLLAR
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


@pytest.fixture
async def disputed() -> AsyncIterator[Market]:
    async with open_market() as market:
        yield market


class Story:
    """A job that its client disputes, jurors with a stake, and a clock that only the story moves."""

    def __init__(self, market: Market, database: Database) -> None:
        self.market, self.database, self.clock = market, database, ManualClock()
        self.node: Any = market.node

    def around(self, crash: Crash | None = None) -> OracleSurroundings:
        crash = crash or Crash()
        ring: Any = Mortal(self.market.ring, crash, "signer")
        node: Any = Mortal(self.market.node, crash, "node")
        return OracleSurroundings(node, MortalDatabase(self.database, crash), self.market.deployment, ring, self.clock)

    async def open(self) -> int:
        """A delivered job, disputed by its client; the job's number."""
        market, abi = self.market, load_abi("DisputeDesk")
        job_id = await market.hire("ipfs://request")
        await market.submit(job_id, b"\x11" * 32)
        await market.advance(601)
        desk = market.deployment.address("DisputeDesk")
        bond = int(await market.node.call(abi, desk, "bondFor", job_id))
        await self._fund(1, "DisputeDesk", bond)
        await market.send(1, "DisputeDesk", abi.encode_call("dispute", job_id, bytes(32), bond))
        return job_id

    async def stake(self) -> None:
        for number, name in enumerate(JURORS):
            address = self.market.ring.address_of(name)
            for method, *params in (
                ("anvil_setBalance", "0x" + address.hex(), hex(10**20)),
                ("anvil_impersonateAccount", "0x" + address.hex()),
            ):
                await self.market.node.request(method, *params)
            self.market.accounts.append("0x" + address.hex())
            await self._fund(len(self.market.accounts) - 1, "JurorCourt", STAKE)
            data = load_abi("JurorCourt").encode_call("stake", 1)
            await self.market.send(len(self.market.accounts) - 1, "JurorCourt", data)
            assert number < len(JURORS)

    async def _fund(self, who: int, spender: str, amount: int) -> None:
        token, owner = load_abi("TestDollar"), bytes.fromhex(self.market.accounts[who][2:])
        await self.market.send(who, "TestDollar", token.encode_call("mint", owner, amount))
        to = self.market.deployment.address(spender)
        await self.market.send(who, "TestDollar", token.encode_call("approve", to, amount))

    async def jurors(self, crash: Crash | None = None) -> list[Juror]:
        return [await build_juror(self.around(crash), name=f"juror.{name}", key=name) for name in JURORS]

    async def keeper(self, crash: Crash | None = None) -> Keeper:
        around = self.around(crash)
        address = await around.signer.address("keeper")
        book = around.court_book(KEEPER)
        from agents_offchain.chain.sender import Sender
        from agents_offchain.storage.outbox import Outbox, lane_name

        sender = Sender(around.node, around.database, around.signer, "keeper", 31337, abis=(), clock=self.clock)
        sender.confirmations = 0
        await sender.setup()
        outbox = Outbox(around.database, lane_name(31337, address), self.clock)
        bailiff = Bailiff(around.court(), book, outbox, address, around.database, self.clock)
        return Keeper(around.watcher(KEEPER, CourtSink(book)), bailiff, sender)

    async def vote(self, dispute_id: int, share_bps: int) -> int:
        around = self.around()
        return sum([await seat_book(around, f"juror.{name}").vote(dispute_id, share_bps) for name in JURORS])

    async def read(self, contract: str, function: str, *args: Any) -> Any:
        return await self.market.node.call(
            load_abi(contract), self.market.deployment.address(contract), function, *args
        )

    async def balance(self, who: int) -> int:
        return int(await self.read("TestDollar", "balanceOf", self.market.accounts[who]))


class Keeper:
    """The parts of the publishing process that disputes need."""

    def __init__(self, watcher: Any, bailiff: Bailiff, sender: Any) -> None:
        self.watcher, self.bailiff, self.sender = watcher, bailiff, sender

    async def step(self) -> None:
        await self.watcher.step()
        await self.bailiff.step()
        await self.sender.step()


async def _turn(story: Story, keeper: Keeper, jurors: list[Juror], seconds: int) -> None:
    """Everybody looks once; blocks come, and as much time passes."""
    await keeper.step()
    for juror in jurors:
        await juror.step()
    story.clock.advance(400)
    await story.market.advance(seconds)


@pytest.mark.parametrize(("share_bps", "to_provider"), [(10_000, DOLLAR), (0, 0)][: None if IS_FULL else 1])
async def test_dispute__judged_by_jurors__is_moved_to_its_end_and_the_money_is_where_the_verdict_says(
    disputed: Market, database: Database, share_bps: int, to_provider: int
) -> None:
    story = Story(disputed, database)
    await story.stake()
    job_id = await story.open()
    client, provider = await story.balance(1), await story.balance(2)
    bond = int((await story.read("DisputeDesk", "disputeOf", job_id))["bond"])
    keeper, jurors = await story.keeper(), await story.jurors()
    for _ in range(60):
        await _turn(story, keeper, jurors, 20)
        await story.vote(1, share_bps)
        if not await keeper.bailiff.cases.due():
            break
    assert not await keeper.bailiff.cases.due(), "the dispute is over"
    cost = 600_000
    fee = to_provider * 500 // 10_000
    assert await story.balance(2) - provider == to_provider - fee + (bond - cost if to_provider else 0)
    assert await story.balance(1) - client == (0 if to_provider else DOLLAR + bond - cost)
    token = story.market.deployment.address("TestDollar")
    paid = [await story.read("JurorCourt", "creditOf", token, story.market.ring.address_of(name)) for name in JURORS]
    assert sum(paid) == cost, "the fee is the jurors'"
    states = [await story.read("JurorCourt", "jurorOf", story.market.ring.address_of(name)) for name in JURORS]
    assert all((state["balance"], state["openSeats"]) == (STAKE, 0) for state in states), "nobody was slashed"


async def test_juror__killed_between_any_two_steps__reveals_what_it_committed(
    disputed: Market, database: Database
) -> None:
    """A sample of the places where a juror meets node, signer and database; all of them at full size."""
    story = Story(disputed, database)
    await story.stake()
    await story.open()
    keeper, crash, deaths = await story.keeper(), Crash(0), 0
    jurors: list[Juror] = []
    for _ in range(400):
        await keeper.step()
        try:
            jurors = jurors or await story.jurors(crash)
            for juror in jurors:
                await juror.step()
        except Killed:
            deaths += 1
            jurors, crash = [], Crash(deaths * (5 if IS_FULL else 37))
            continue
        await story.vote(1, 4_000)
        story.clock.advance(400)
        await story.market.advance(20)
        if not await keeper.bailiff.cases.due():
            break
    is_final, share = (await story.read("JurorCourt", "rulingOf", 1)).values()
    assert (is_final, share) == (True, 4_000)
    states = [await story.read("JurorCourt", "jurorOf", story.market.ring.address_of(name)) for name in JURORS]
    assert all(state["balance"] == STAKE for state in states), "every vote was revealed in time"
    assert deaths > 3, "too few were killed"
