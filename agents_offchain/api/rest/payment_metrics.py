"""Money promised off chain, for Prometheus: how many promises are in which state, and what is not claimed yet."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import Select, Table, and_, func, select

from agents_offchain.primitives.hexes import checksum
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.payments import channels, payment_orders, relays, vouchers


class PaymentMetrics:
    """Gauges over the cashier's tables."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.promises = Gauge(
            "aitbc_promises", "Vouchers, orders and signed hires by state.", ["kind", "state"], registry=registry
        )
        self.unclaimed = Gauge(
            "aitbc_unclaimed_units",
            "What the newest covered vouchers say beyond what was claimed, in the token's smallest unit.",
            ["token"],
            registry=registry,
        )

    async def read(self, database: Database) -> None:
        """Set every series to what the tables say now; what is gone is dropped."""
        self.promises.clear()
        self.unclaimed.clear()
        best = (
            select(channels.c.token, channels.c.claimed, func.max(vouchers.c.cumulative).label("cumulative"))
            .join(vouchers, and_(vouchers.c.book == channels.c.book, vouchers.c.channel_id == channels.c.channel_id))
            .where(vouchers.c.cumulative > channels.c.claimed, vouchers.c.cumulative <= channels.c.deposit)
            .group_by(channels.c.book, channels.c.channel_id, channels.c.token, channels.c.claimed)
        )
        async with database.read() as connection:
            held = (await connection.execute(best)).all()
            for kind, table in (("order", payment_orders), ("hire", relays)):
                for state in await connection.execute(_by_status(table)):
                    self.promises.labels(kind, state.status).set(state.number)
        self.promises.labels("voucher", "held").set(len(held))
        for row in held:
            self.unclaimed.labels(checksum(bytes(row.token))).inc(row.cumulative - row.claimed)


def _by_status(table: Table) -> Select[Any]:
    return select(table.c.status, func.count().label("number")).group_by(table.c.status)
