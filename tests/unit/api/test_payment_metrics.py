"""What is promised and not claimed, as Prometheus sees it."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from agents_offchain.api.rest.payment_metrics import PaymentMetrics
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.payments import Order
from agents_offchain.storage.database import Database
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import LOST, OrderBook
from tests.unit.payments.fake_channels import BOOK, PAYEE, PAYER, TOKEN, channel, sign

pytestmark = pytest.mark.unit


async def test_metrics__of_promises__say_what_is_held_by_state_and_what_is_not_claimed(database: Database) -> None:
    registry = CollectorRegistry()
    metrics, book, orders = PaymentMetrics(registry), ChannelBook(database, BOOK), OrderBook(database, BOOK)
    order = Order(PAYER, PAYEE, TOKEN, 5, 1, 2_000_000_000, bytes(32))
    async with database.write() as connection:
        for salt in range(2):
            await book.note_channel(connection, channel(salt), 0)
            for cumulative in (30, 70, 900):
                await book.add_voucher(connection, channel(salt), cumulative, sign(channel(salt), cumulative))
        await orders.add(connection, order, bytes(65))
    for row in await book.stale():
        await book.refresh(row, 100, 20, 0)
    await metrics.read(database)
    said = generate_latest(registry).decode()
    assert 'aitbc_promises{kind="voucher",state="held"} 2.0' in said
    assert 'aitbc_promises{kind="order",state="held"} 1.0' in said
    assert f'aitbc_unclaimed_units{{token="{checksum(TOKEN)}"}} 100.0' in said
    held = await orders.get(PAYER, 1)
    assert held is not None
    await orders.end(held, LOST, "cancelled")
    await metrics.read(database)
    assert 'aitbc_promises{kind="order",state="lost"} 1.0' in generate_latest(registry).decode()
