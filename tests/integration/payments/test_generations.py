"""A market moves to other PaymentChannels while promises on the old ones are held: none is lost, none is paid twice."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import insert, select

from agents_offchain.chain.node import Node
from agents_offchain.cli.console import Console
from agents_offchain.cli.payments import channel as verbs
from agents_offchain.cli.payments.desk import Desk
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.payments import Channel
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.daemon import Daemon
from agents_offchain.runtime.payments.intake import PromiseRefused
from agents_offchain.runtime.payments.relayer import LEFT
from agents_offchain.runtime.payments.worth import WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.payments.orders import PAID
from agents_offchain.storage.payments.relays import REFUSED
from agents_offchain.storage.tables.journal import cursors
from agents_offchain.storage.tables.read_model import chain_heads
from tests.fakes.crash import Crash, Killed
from tests.integration.market import Market
from tests.integration.payments.till import DOLLAR, KEY, Counter

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
STRIDE = 3 if os.environ.get("AITBC_TEST_SIZE") == "full" else 125


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


async def test_commands__on_the_same_channel_in_two_generations__name_each_and_claim_both_whatever_they_are_worth(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cashier has put one off that is not worth its gas; the other was just taken and is not read yet."""
    channel = counter.open(10 * DOLLAR)
    await counter.intake.take(counter.voucher(channel, 6 * DOLLAR))
    await (await counter.cashier(worth=WorthTerms(least_units=100 * DOLLAR))).step()
    counter.move_on()
    counter.open(10 * DOLLAR)
    await counter.intake.take(counter.voucher(channel, 5 * DOLLAR))
    monkeypatch.setattr(verbs, "desk", lambda settings, command: _desk(counter))
    monkeypatch.setattr(verbs, "own_accounts", lambda settings: {counter.payee: "payee"})
    name = encode_hex(channel.channel_id)
    await verbs._list(Settings(), Console(True))
    listed = _document(capsys)["channels"]
    assert [(one["channel"], one["held"]) for one in listed] == [(name, "5"), (f"1:{name}", "6")]
    await verbs._claim(Settings(), Console(True), None, KEY)
    told = _document(capsys)["claimed"]
    assert [one["channel"] for one in told] == [name, f"1:{name}"]
    assert await claimed(counter, channel) == [5 * DOLLAR, 6 * DOLLAR]


def _document(capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command printed; log lines come before it."""
    printed = "\n" + capsys.readouterr().out
    return json.loads(printed[printed.index("\n{") :])


@asynccontextmanager
async def _desk(counter: Counter) -> AsyncIterator[Desk]:
    """What a command opens in a home, without one."""

    async def wallet(key: str) -> Wallet:
        made = Wallet(counter.node, counter.database, counter.ring, key, 31337)
        await made.setup()
        return made

    around = SimpleNamespace(deployment=counter.deployment, database=counter.database, wallet=wallet)
    yield Desk(cast(Any, around), counter.till)


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
