"""A cashier after a market has moved on: every PaymentChannels once, for as long as something is held on it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import select, update

from agents_offchain.chain.addresses import Deployment, parse_deployment
from agents_offchain.cli.bootstrap.cashier import Till
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.payments import Order
from agents_offchain.primitives.units import Wei
from agents_offchain.runtime.payments.cashier import Cashier
from agents_offchain.runtime.payments.claimer import Claimer
from agents_offchain.runtime.payments.moment import Moment
from agents_offchain.runtime.payments.relayer import LEFT, Relayer
from agents_offchain.runtime.payments.settler import Settler
from agents_offchain.runtime.payments.worth import Scales, WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, SENT, Intent, Outbox
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import PAID, SETTLING, OrderBook
from agents_offchain.storage.payments.relays import DONE, REFUSED, SENDING, WAITING, Relay, RelayBook
from agents_offchain.storage.tables.journal import outbox
from tests.unit.payments.fake_channels import PAYEE, PAYER, TOKEN, FakeChannels, Mine, channel, sign

pytestmark = pytest.mark.unit
LANE = "31337:0x" + "ca" * 20
OLD_CHANNELS, NEW_CHANNELS = b"\xc1" * 20, b"\xc2" * 20
RETAINED = 256


def generation(number: int, channels: bytes | None) -> dict[str, Any]:
    contracts = {"AgentRegistry": "0x" + "a1" * 20, "JobEscrow": f"0x{number:040x}", "TestDollar": "0x" + "70" * 20}
    if channels is not None:
        contracts["PaymentChannels"] = "0x" + channels.hex()
    return {
        "generation": number,
        "deployedAtBlock": 100 * number,
        "contracts": contracts,
        "policyId": 1,
        "treasury": "0x" + "00" * 20,
        "reporters": [],
    }


def market(*channels: bytes | None) -> Deployment:
    """A market of as many generations, by what PaymentChannels each has, oldest first."""
    newest, *older = [generation(number, where) for number, where in enumerate(channels, 1)][::-1]
    return parse_deployment({"chainId": 31337, **newest, "older": older})


def till(database: Database, deployment: Deployment) -> Till:
    return Till(cast(Any, None), database, deployment, ManualClock(), lambda: {PAYEE}, WorthTerms(), Wei(1))


@pytest.mark.parametrize(
    ("channels", "served"),
    [
        ((OLD_CHANNELS,), [(OLD_CHANNELS, "cashier", 100)]),
        ((OLD_CHANNELS, OLD_CHANNELS), [(OLD_CHANNELS, "cashier", 100)]),
        ((OLD_CHANNELS, NEW_CHANNELS), [(NEW_CHANNELS, "cashier@2", 200), (OLD_CHANNELS, "cashier", 100)]),
        (
            (OLD_CHANNELS, OLD_CHANNELS, NEW_CHANNELS, NEW_CHANNELS),
            [(NEW_CHANNELS, "cashier@3", 300), (OLD_CHANNELS, "cashier", 100)],
        ),
        ((None, NEW_CHANNELS), [(NEW_CHANNELS, "cashier@2", 200)]),
    ],
)
def test_tills__of_a_market__are_one_for_each_channels_from_where_it_was_first_deployed(
    inline_database: Database, channels: tuple[bytes | None, ...], served: list[tuple[bytes, str, int]]
) -> None:
    found = []
    for one in till(inline_database, market(*channels)).tills:
        watcher = one._watcher("cashier", ())
        found.append((one.contract.address, watcher.consumer, watcher.deployment.deployed_at_block))
    assert found == served


class Side:
    """The channels of one generation and their cashier; lane and database are those of all."""

    def __init__(self, database: Database, address: bytes) -> None:
        self.database, self.clock, self.contract = database, ManualClock(), FakeChannels(address)
        book = f"31337:0x{address.hex()}"
        self.channels, self.orders = ChannelBook(database, book, self.clock), OrderBook(database, book, self.clock)
        self.mine = Mine(database, self.contract, self.clock)
        scales = Scales(cast(Any, None), b"\xca" * 20, address, self.clock, WorthTerms())
        parts: Any = (self.contract, scales, Outbox(database, LANE, self.clock), database, self.clock)
        none: Any = None
        self.cashier = Cashier(
            "cashier",
            none,
            31337,
            none,
            Claimer(self.channels, *parts),
            Settler(self.orders, *parts),
            gas=none,
            sender=none,
            retained_blocks=RETAINED,
        )

    async def take(self, cumulative: int) -> None:
        self.contract.deposit(channel(), 10)
        async with self.database.write() as connection:
            await self.channels.note_channel(connection, channel(), 0)
            await self.channels.add_voucher(
                connection, channel(), cumulative, sign(channel(), cumulative, contract=self.contract.address)
            )

    async def claim(self) -> None:
        await self.cashier.claimer.step(Moment(self.contract.block, 1_000))
        self.clock.advance(700)

    async def owed(self, block: int) -> int:
        """What keeps the cashier here once it has taken this block."""
        self.cashier._block_number = block
        return await self.cashier.owed()

    @property
    def claimed(self) -> int:
        return self.contract.state[channel().channel_id].claimed


@pytest.fixture
def sides(database: Database) -> tuple[Side, Side]:
    return Side(database, OLD_CHANNELS), Side(database, NEW_CHANNELS)


async def test_claims__of_the_same_channel_and_sum_on_two_contracts__are_two(sides: tuple[Side, Side]) -> None:
    for side in sides:
        await side.take(7)
    for side in sides:
        await side.claim()
    for side in sides:
        await side.mine.all(side.channels)
    assert [side.claimed for side in sides] == [7, 7]


async def test_owed__with_a_voucher_held_then_claimed__is_something_until_no_reorganisation_reaches_the_claim(
    sides: tuple[Side, Side],
) -> None:
    old, new = sides
    assert await old.owed(block=1) == 0
    await old.take(7)
    assert await old.owed(block=1) == 7, "not read yet"
    await old.claim()
    assert await old.owed(block=1) == 7, "on its way"
    await old.mine.all(old.channels)
    mined_at = old.contract.block
    for _ in range(3):
        await old.claim()
    assert await old.channels.unclaimed() == 0
    assert await old.owed(block=mined_at + RETAINED - 1) > 0
    assert await old.owed(block=mined_at + RETAINED) == 0
    assert await new.owed(block=mined_at) == 0, "what was sent to another contract keeps nobody here"


async def test_owed__for_a_voucher_that_the_deposit_covers_no_more__is_nothing(sides: tuple[Side, Side]) -> None:
    old, _ = sides
    await old.take(7)
    old.contract.start_close(channel())
    old.contract.finish_close(channel())
    await old.claim()
    assert await old.owed(block=1_000) == 0


async def held_order(book: OrderBook, database: Database) -> Order:
    order = Order(PAYER, PAYEE, TOKEN, 5, 0, 2_000_000_000, bytes(32))
    async with database.write() as connection:
        await book.add(connection, order, b"\x01" * 65)
    return order


async def test_owed__with_an_order_held__is_what_it_pays(sides: tuple[Side, Side], database: Database) -> None:
    old, _ = sides
    await held_order(old.orders, database)
    assert await old.owed(block=1_000) == 5


async def test_settlements__of_the_same_order_on_two_contracts__are_two(
    sides: tuple[Side, Side], database: Database
) -> None:
    for side in sides:
        await held_order(side.orders, database)
        await side.cashier.settler._plan(await side.orders.due(), b"")
    async with database.read() as connection:
        called = {bytes(row.to_address) for row in await connection.execute(select(outbox.c.to_address))}
    assert called == {OLD_CHANNELS, NEW_CHANNELS}


@pytest.mark.parametrize(("status", "block"), [(SENT, None), (CONFIRMED, 9)])
async def test_roll_back__of_a_paid_order__follows_it_again_also_when_the_sender_noticed_first(
    sides: tuple[Side, Side], database: Database, status: str, block: int | None
) -> None:
    """Two watchers share the sender: the first to roll back has the lane's blocks forgotten."""
    _, new = sides
    order, lane = await held_order(new.orders, database), Outbox(database, LANE)
    held = await new.orders.get(PAYER, order.nonce)
    assert held is not None
    async with database.write() as connection:
        await lane.plan(connection, Intent("batch", "settle-orders", NEW_CHANNELS, b""))
        await connection.execute(update(outbox).values(status=status, block_number=block))
        await new.orders.take(connection, [held], "batch")
    settling = await new.orders.get(PAYER, order.nonce)
    assert settling is not None
    await new.orders.end(settling, PAID)
    async with database.write() as connection:
        await new.orders.reopen_above(connection, 8)
    again = await new.orders.get(PAYER, order.nonce)
    assert again is not None
    assert again.status == SETTLING


async def test_relayer__of_an_escrow_that_was_left__refuses_what_waits_and_follows_what_is_on_its_way(
    database: Database,
) -> None:
    clock, escrow = ManualClock(), b"\xe5" * 20
    book, lane = RelayBook(database, f"31337:0x{escrow.hex()}", clock), Outbox(database, LANE, clock)
    waiting, sent = (
        Relay(PAYER, bytes([number]) * 32, TOKEN, 5, b"\x01", WAITING, None, None, None, None, 0.0) for number in (1, 2)
    )
    async with database.write() as connection:
        for relay in (waiting, sent):
            await book.add(connection, relay, {})
        await lane.plan(connection, Intent("carried", "carry-hire", escrow, b"\x01"))
        await book.send(connection, sent, "carried", 1)
    relayer = Relayer(book, cast(Any, None), escrow, b"\xca" * 20, lane, database, is_left=True)
    assert await relayer.step() == 1
    refused, followed = await book.get(PAYER, waiting.nonce), await book.get(PAYER, sent.nonce)
    assert refused is not None
    assert (refused.status, refused.error) == (REFUSED, LEFT)
    assert followed is not None
    assert followed.status == SENDING
    async with database.write() as connection:
        await connection.execute(update(outbox).values(status=CONFIRMED, block_number=3, tx_hash=b"\x07" * 32))
    assert await relayer.step() == 1
    done = await book.get(PAYER, sent.nonce)
    assert done is not None
    assert done.status == DONE
    async with database.read() as connection:
        assert len((await connection.execute(select(outbox))).all()) == 1, "the refused hire was never planned"
