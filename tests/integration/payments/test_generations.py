"""A market moves to other PaymentChannels while promises on the old ones are held: none is lost, none is paid twice."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import insert, select

from agents_offchain.chain.node import Node
from agents_offchain.cli.payments.desk import Desk
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.payments import Channel
from agents_offchain.runtime.daemon import Daemon
from agents_offchain.runtime.payments.intake import PromiseRefused
from agents_offchain.runtime.payments.relayer import LEFT
from agents_offchain.storage.database import Database
from agents_offchain.storage.payments.orders import PAID
from agents_offchain.storage.payments.relays import REFUSED
from agents_offchain.storage.tables.journal import cursors
from agents_offchain.storage.tables.read_model import chain_heads
from tests.fakes.crash import Crash, Killed
from tests.integration.market import Market
from tests.integration.payments.till import DOLLAR, Counter

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
STRIDE = 1 if os.environ.get("AITBC_TEST_SIZE") == "full" else 90


@pytest.fixture
def counter(market: Market, node: Node, database: Database) -> Counter:
    return Counter(market, node, database)


async def promise(counter: Counter, salt: int = 0) -> Channel:
    """The same voucher and the same order in whatever generation is the newest, apart from where they are good."""
    channel = counter.open(10 * DOLLAR, salt)
    counter.fill_purse(DOLLAR)
    await counter.intake.take(counter.voucher(channel, 4 * DOLLAR))
    await counter.intake.take(counter.order(salt, DOLLAR))
    return channel


async def claimed(counter: Counter, channel: Channel) -> list[int]:
    """In each generation, newest first."""
    return [(await till.contract.channel(channel.channel_id)).claimed for till in counter.till.tills]


async def orders(counter: Counter, nonce: int) -> list[str | None]:
    held = [await till.orders.get(counter.payer, nonce) for till in counter.till.tills]
    return [None if row is None else row.status for row in held]


async def block_taken(counter: Counter, reader: str) -> int:
    async with counter.database.read() as connection:
        query = select(cursors.c.block_number).where(cursors.c.consumer == reader)
        return int((await connection.execute(query)).scalar_one())


async def test_cashier__after_the_market_moved_on__claims_in_both_and_leaves_the_old_one_once_nothing_is_held(
    counter: Counter,
) -> None:
    channel, hire = await promise(counter), counter.signed_hire(DOLLAR)
    older = counter.voucher(channel, 6 * DOLLAR)
    await counter.intake.take(hire)
    counter.start_close(channel)
    old = counter.till
    counter.move_on()
    assert await promise(counter) == channel, "the same id on both contracts"
    cashier = await counter.cashier()
    await counter.run(cashier)
    assert await claimed(counter, channel) == [4 * DOLLAR] * 2
    assert await orders(counter, 0) == [PAID] * 2
    assert int(counter.market.read("TestDollar", "balanceOf", counter.payee)) == 10 * DOLLAR, "credit of both is sent"
    relay = await old.relays.get(counter.payer, hire.hire.nonce)
    assert relay is not None
    assert (relay.status, relay.error) == (REFUSED, LEFT)
    await _leaves(counter, cashier)
    await _takes_more_on_the_old_one(counter, cashier, channel, older)


async def _leaves(counter: Counter, cashier: Daemon) -> None:
    """Once an index says that no job is open, and no reorganisation can reach what was sent."""
    async with counter.database.write() as connection:
        await connection.execute(insert(chain_heads).values(chain_id=31337, block_number=9, block_time=9))
    counter.market.devnet.mine(counter.till.retained_blocks)
    await counter.run(cashier, turns=4)
    rested_at = await block_taken(counter, "cashier")
    counter.market.devnet.mine()
    await counter.run(cashier, turns=2)
    assert await block_taken(counter, "cashier") == rested_at < await block_taken(counter, "cashier@2")


async def _takes_more_on_the_old_one(counter: Counter, cashier: Daemon, channel: Channel, older: Any) -> None:
    assert (await counter.intake.take(older)).adds == 2 * DOLLAR
    await counter.run(cashier)
    assert await claimed(counter, channel) == [4 * DOLLAR, 6 * DOLLAR]
    assert await counter.money_of_payee() == 12 * DOLLAR


async def test_promise__on_contracts_that_the_market_left__is_taken_unless_it_is_a_hire(counter: Counter) -> None:
    channel, hire = counter.open(10 * DOLLAR), counter.signed_hire(DOLLAR)
    voucher, other = counter.voucher(channel, DOLLAR), counter.voucher(channel, 2 * DOLLAR)
    counter.move_on()
    assert (await counter.intake.take(voucher)).is_new
    with pytest.raises(PromiseRefused, match="nobody is hired"):
        await counter.intake.take(hire)
    assert await counter.till.channels.get(channel.channel_id) is None, "it is kept with the old channels"
    desk = Desk(cast(Any, SimpleNamespace(deployment=counter.deployment)), counter.till)
    for name in (encode_hex(channel.channel_id), f"1:{encode_hex(channel.channel_id)}"):
        at, row = await desk.at_channel(name)
        assert (at.contract.address, row.deposit) == (other.place.contract, 10 * DOLLAR)
        assert at.reference(channel) == f"1:{encode_hex(channel.channel_id)}"


async def test_cashier__killed_anywhere_with_promises_in_two_generations__keeps_each_once(counter: Counter) -> None:
    """The points are generated, as for one generation; a market moves on once, its payers go on in both."""
    old = Side(counter)
    counter.move_on()
    new, at, salt = Side(counter), 0, 0
    while True:
        crash = Crash(at)
        for side in (old, new):
            await side.promise(salt)
        try:
            await counter.run(await counter.cashier(crash), turns=3)
        except Killed:
            counter.clock.advance(1)
        await counter.run(await counter.cashier(), turns=7)
        salt += 1
        assert await counter.money_of_payee() == salt * 10 * DOLLAR, f"killed {crash.where} (point {at})"
        if not crash.has_died:
            break
        at += STRIDE
    assert salt > 2, "too few points were crossed"


class Side:
    """A payer that goes on in the generation that was the newest when it came."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.deployment = counter, counter.deployment

    async def promise(self, salt: int) -> None:
        newest = self.counter.deployment
        self.counter.market.deployment = self.deployment
        await promise(self.counter, salt)
        self.counter.market.deployment = newest
