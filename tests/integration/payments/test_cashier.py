"""The cashier on a real chain: good money is taken, claimed in time and once; everything else is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable

import pytest

from agents_offchain.chain.node import Node
from agents_offchain.primitives.payments import Channel
from agents_offchain.runtime.payments.documents import Promise, parse_promise
from agents_offchain.runtime.payments.intake import PromiseRefused
from agents_offchain.runtime.payments.worth import WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.payments.orders import HELD, LOST, PAID
from agents_offchain.storage.payments.relays import DONE
from tests.fakes.crash import Crash, Killed
from tests.integration.market import Market
from tests.integration.payments.till import DOLLAR, PAYER_MONEY, Counter

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
STRIDE = 1 if os.environ.get("AITBC_TEST_SIZE") == "full" else 9


@pytest.fixture
def counter(market: Market, node: Node, database: Database) -> Counter:
    return Counter(market, node, database)


async def test_vouchers__of_many_channels__are_claimed_in_one_batch_and_sent_to_their_payee(counter: Counter) -> None:
    channels = [counter.open(10 * DOLLAR, salt) for salt in range(3)]
    for channel in channels:
        await counter.intake.take(counter.voucher(channel, DOLLAR))
        await counter.intake.take(counter.voucher(channel, 4 * DOLLAR))
    before = counter.market.devnet.block_number()
    await counter.run(await counter.cashier())
    assert [await counter.claimed(channel) for channel in channels] == [4 * DOLLAR] * 3
    assert int(counter.market.read("TestDollar", "balanceOf", counter.payee)) == 12 * DOLLAR
    assert counter.market.devnet.block_number() == before + 2, "one claim, one withdrawal"


async def test_voucher__replayed_older_or_not_covered__adds_nothing(counter: Counter) -> None:
    channel = counter.open(10 * DOLLAR)
    signed = counter.voucher(channel, 4 * DOLLAR)
    assert (await counter.intake.take(signed)).adds == 4 * DOLLAR
    again = await counter.intake.take(signed)
    assert (again.is_new, again.adds) == (False, 0)
    with pytest.raises(PromiseRefused, match="is held or claimed already"):
        await counter.intake.take(counter.voucher(channel, 3 * DOLLAR))
    with pytest.raises(PromiseRefused, match="the channel holds"):
        await counter.intake.take(counter.voucher(channel, 11 * DOLLAR))
    with pytest.raises(PromiseRefused, match="is to pay"):
        await counter.intake.take(counter.voucher(channel, 5 * DOLLAR, signer="mallory"))
    with pytest.raises(PromiseRefused, match="Open the channel first"):
        await counter.intake.take(counter.voucher(Channel(*channel.as_tuple()[:4], 99), DOLLAR))
    await counter.run(await counter.cashier())
    with pytest.raises(PromiseRefused, match="is held or claimed already"):
        await counter.intake.take(counter.voucher(channel, 2 * DOLLAR))
    assert await counter.money_of_payee() == 4 * DOLLAR


async def test_watchtower__when_the_payer_leaves_with_a_voucher_unclaimed__claims_inside_the_grace(
    counter: Counter,
) -> None:
    """It is not worth its gas in quiet times; a payer that leaves makes it worth it."""
    worth = WorthTerms(least_units=100 * DOLLAR)
    channel = counter.open(10 * DOLLAR)
    await counter.intake.take(counter.voucher(channel, 7 * DOLLAR))
    cashier = await counter.cashier(worth=worth)
    await counter.run(cashier)
    assert await counter.claimed(channel) == 0
    counter.start_close(channel)
    await counter.run(cashier)
    assert await counter.claimed(channel) == 7 * DOLLAR
    counter.finish_close(channel)
    assert await counter.money_of_payee() == 7 * DOLLAR


async def test_watchtower__killed_anywhere_while_a_payer_leaves__claims_once_inside_the_grace(
    counter: Counter,
) -> None:
    """The points are generated: a kill at each place where the cashier meets node, signer and database."""
    paid, at, salt = 0, 0, 0
    while True:
        channel, crash = counter.open(10 * DOLLAR, salt), Crash(at)
        await counter.intake.take(counter.voucher(channel, 2 * DOLLAR))
        counter.start_close(channel)
        await _until_killed(counter, crash)
        await counter.run(await counter.cashier(), turns=7)
        paid += 2 * DOLLAR
        assert await counter.claimed(channel) == 2 * DOLLAR, f"killed {crash.where} (point {at})"
        assert await counter.money_of_payee() == paid, f"killed {crash.where} (point {at})"
        if not crash.has_died:
            break
        at, salt = at + STRIDE, salt + 1
    assert salt > 5, "too few points were crossed"
    assert await counter.till.channels.in_flight() == []


async def _until_killed(counter: Counter, crash: Crash) -> None:
    try:
        cashier = await counter.cashier(crash)
        await counter.run(cashier, turns=3)
    except Killed:
        counter.clock.advance(1)


async def test_claim__taken_back_by_the_chain__comes_again(counter: Counter) -> None:
    counter.market.devnet.mine(3)
    channel, cashier = counter.open(10 * DOLLAR), await counter.cashier()
    await counter.intake.take(counter.voucher(channel, 2 * DOLLAR))
    counter.market.devnet.mine(2)
    await counter.turn(cashier)
    assert await counter.claimed(channel) == 2 * DOLLAR
    counter.market.devnet.reorganise(1)
    assert await counter.claimed(channel) == 0
    counter.market.devnet.mine()
    await counter.run(cashier, turns=8)
    assert await counter.claimed(channel) == 2 * DOLLAR
    assert await counter.money_of_payee() == 2 * DOLLAR


async def test_orders__are_settled_in_a_batch__and_a_cancelled_one_is_never_taken_for_paid(counter: Counter) -> None:
    counter.fill_purse(10 * DOLLAR)
    for nonce in range(4):
        await counter.intake.take(counter.order(nonce, DOLLAR))
    counter.market.send(counter.payer_seat, "PaymentChannels", "cancelOrders", 0, 1 << 2)
    await counter.run(await counter.cashier())
    held = [await counter.till.orders.get(counter.payer, nonce) for nonce in range(4)]
    states = [row.status for row in held if row is not None]
    assert states == [PAID, PAID, LOST, PAID]
    assert await counter.money_of_payee() == 3 * DOLLAR


async def test_order__beyond_the_purse_replayed_or_on_a_spent_nonce__is_refused(counter: Counter) -> None:
    counter.fill_purse(2 * DOLLAR)
    order = counter.order(0, DOLLAR)
    assert (await counter.intake.take(order)).is_new
    assert not (await counter.intake.take(order)).is_new
    with pytest.raises(PromiseRefused, match="stands on another order"):
        await counter.intake.take(counter.order(0, DOLLAR // 2))
    with pytest.raises(PromiseRefused, match="is promised to us"):
        await counter.intake.take(counter.order(1, 2 * DOLLAR))
    with pytest.raises(PromiseRefused, match="must be good for"):
        await counter.intake.take(counter.order(1, DOLLAR, good_for=30))
    counter.market.send(counter.payer_seat, "PaymentChannels", "cancelOrders", 0, 1 << 5)
    with pytest.raises(PromiseRefused, match="spent or cancelled"):
        await counter.intake.take(counter.order(5, DOLLAR))


async def test_order__that_is_dust_beside_its_gas__waits_until_it_is_worth_it(counter: Counter) -> None:
    counter.fill_purse(100 * DOLLAR)
    await counter.intake.take(counter.order(0, 1, good_for=10 * 86_400))
    cashier = await counter.cashier(worth=WorthTerms(coin_units=3_000 * DOLLAR))
    await counter.run(cashier)
    held = await counter.till.orders.get(counter.payer, 0)
    assert held is not None
    assert (held.status, held.error) == (HELD, "It is not worth its gas yet.")
    await counter.intake.take(counter.order(1, 50 * DOLLAR, good_for=10 * 86_400))
    await counter.run(cashier)
    assert await counter.money_of_payee() == 50 * DOLLAR, "the large one goes, the dust stays"


async def test_signed_hire__of_a_client_without_gas__is_carried_once(counter: Counter) -> None:
    counter.market.devnet.rpc("anvil_setBalance", "0x" + counter.payer.hex(), "0x0")
    hire = counter.signed_hire(5 * DOLLAR)
    assert (await counter.intake.take(hire)).is_new
    assert not (await counter.intake.take(hire)).is_new
    before = int(counter.market.read("JobEscrow", "jobCount"))
    await counter.run(await counter.cashier())
    relay = await counter.till.relays.get(counter.payer, hire.hire.nonce)
    assert relay is not None
    assert relay.status == DONE
    assert int(counter.market.read("JobEscrow", "jobCount")) == before + 1
    job = counter.market.read("JobEscrow", "jobOf", before + 1)
    assert bytes.fromhex(job["client"][2:]) == counter.payer


async def test_signed_hire__that_would_revert_or_is_beyond_the_quota__is_refused_unsent(counter: Counter) -> None:
    with pytest.raises(PromiseRefused, match="would be refused"):
        await counter.intake.take(counter.signed_hire(PAYER_MONEY + DOLLAR))
    for salt in range(10):
        await counter.intake.take(counter.signed_hire(DOLLAR, salt))
    with pytest.raises(PromiseRefused, match="hires of a client are carried"):
        await counter.intake.take(counter.signed_hire(DOLLAR, 99))


@pytest.mark.parametrize("kind", ["voucher", "order", "hire"])
async def test_document__written_and_read_again__is_the_same_promise(counter: Counter, kind: str) -> None:
    makers: dict[str, Callable[[], Promise]] = {
        "voucher": lambda: counter.voucher(counter.open(DOLLAR), DOLLAR),
        "order": lambda: counter.order(2**64 - 1, DOLLAR),
        "hire": lambda: counter.signed_hire(DOLLAR),
    }
    signed = makers[kind]()
    assert parse_promise(json.dumps(signed.as_dict()).encode()) == signed


Story = Callable[[Counter], Awaitable[None]]
