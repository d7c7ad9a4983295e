"""Verified orders, one for each nonce of a payer, and the settlement that each waits for.

held ──planned──► settling ──paid in a mined batch──► paid
  ▲──skipped, still good──┘ └──spent, cancelled or too late──► lost
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.payments import Order
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.outbox import not_mined_by
from agents_offchain.storage.tables.payments import payment_orders
from agents_offchain.storage.upsert import insert_new

HELD, SETTLING, PAID, LOST = "held", "settling", "paid", "lost"


@dataclass(frozen=True)
class HeldOrder:
    """An order with its signature and how far it is."""

    order: Order
    signature: bytes
    status: str
    intent: str | None
    tries: int
    since: float
    error: str | None

    @property
    def amount(self) -> int:
        return self.order.amount


class OrderBook:
    """The orders of one PaymentChannels contract.

    Args:
        book: `chain_id:0x<contract>`.
    """

    def __init__(self, database: Database, book: str, clock: Clock | None = None) -> None:
        self._database = database
        self.book = book
        self._clock = clock or SystemClock()

    async def add(self, connection: AsyncConnection, order: Order, signature: bytes) -> bool:
        """Keep a verified order; False when this nonce of its payer is taken."""
        now = self._clock.now_seconds()
        row = {
            "book": self.book,
            "payer": order.payer,
            "nonce": order.nonce,
            "payee": order.payee,
            "token": order.token,
            "amount": order.amount,
            "valid_before": order.valid_before,
            "purpose": order.purpose,
            "signature": signature,
            "status": HELD,
            "tries": 0,
            "not_before": 0.0,
            "received_at": now,
            "updated_at": now,
        }
        return await insert_new(connection, payment_orders, [row]) == 1

    async def get(self, payer: bytes, nonce: int) -> HeldOrder | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(payment_orders).where(self._at(payer, nonce)))).first()
        return None if row is None else _held(row)

    async def promised(self, payer: bytes, token: bytes) -> int:
        """Sum of what a payer's open orders in a token promise."""
        return await self._open_units(payment_orders.c.payer == payer, payment_orders.c.token == token)

    async def unpaid(self) -> int:
        """Sum of what all open orders promise."""
        return await self._open_units()

    async def _open_units(self, *conditions: Any) -> int:
        query = select(payment_orders.c.amount).where(
            payment_orders.c.book == self.book, payment_orders.c.status.in_([HELD, SETTLING]), *conditions
        )
        async with self._database.read() as connection:
            return sum(row.amount for row in (await connection.execute(query)).all())

    async def due(self, limit: int = 500) -> list[HeldOrder]:
        """Held orders whose time to be looked at has come; those that end first come first."""
        query = (
            select(payment_orders)
            .where(
                payment_orders.c.book == self.book,
                payment_orders.c.status == HELD,
                is_due(payment_orders.c.not_before, self._clock.now_seconds()),
            )
            .order_by(payment_orders.c.valid_before, payment_orders.c.payer, payment_orders.c.nonce)
        )
        async with self._database.read() as connection:
            return [_held(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def settling(self) -> list[HeldOrder]:
        """Orders in a batch that is on its way, in the order of the batch."""
        query = (
            select(payment_orders)
            .where(payment_orders.c.book == self.book, payment_orders.c.status == SETTLING)
            .order_by(payment_orders.c.intent, payment_orders.c.payer, payment_orders.c.nonce)
        )
        async with self._database.read() as connection:
            return [_held(row) for row in (await connection.execute(query)).all()]

    async def list_all(self, accounts: Sequence[bytes], limit: int = 500) -> list[HeldOrder]:
        """Orders that one of these accounts pays or is paid by, the newest first."""
        of_accounts = or_(payment_orders.c.payer.in_(list(accounts)), payment_orders.c.payee.in_(list(accounts)))
        query = (
            select(payment_orders)
            .where(payment_orders.c.book == self.book, of_accounts)
            .order_by(payment_orders.c.received_at.desc(), payment_orders.c.nonce)
        )
        async with self._database.read() as connection:
            return [_held(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def take(self, connection: AsyncConnection, rows: Sequence[HeldOrder], intent: str) -> None:
        """Note the batch that was planned for these orders, in the transaction that plans it."""
        for row in rows:
            await self._change(connection, row, status=SETTLING, intent=intent)

    async def end(self, row: HeldOrder, status: str, error: str | None = None) -> None:
        """Paid, or lost with the reason."""
        async with self._database.write() as connection:
            await self._change(connection, row, status=status, error=error)

    async def put_back(self, row: HeldOrder, *, after_seconds: float, error: str) -> None:
        """A batch left it out, or it is not worth its gas yet: look again later."""
        async with self._database.write() as connection:
            await self._change(
                connection,
                row,
                status=HELD,
                intent=None,
                tries=row.tries + (1 if row.status == SETTLING else 0),
                not_before=self._clock.now_seconds() + after_seconds,
                error=error[:2000],
            )

    async def reopen_above(self, connection: AsyncConnection, last_valid: int) -> None:
        """Orders whose batch stood in a block above this one, which the chain took back, are followed again."""
        await connection.execute(
            update(payment_orders)
            .where(
                payment_orders.c.book == self.book,
                payment_orders.c.status.in_([PAID, LOST]),
                payment_orders.c.intent.in_(not_mined_by(last_valid)),
            )
            .values(status=SETTLING, updated_at=self._clock.now_seconds())
        )

    async def _change(self, connection: AsyncConnection, row: HeldOrder, **values: Any) -> None:
        await connection.execute(
            update(payment_orders)
            .where(self._at(row.order.payer, row.order.nonce), payment_orders.c.status == row.status)
            .values(**values, updated_at=self._clock.now_seconds())
        )

    def _at(self, payer: bytes, nonce: int) -> Any:
        return and_(
            payment_orders.c.book == self.book, payment_orders.c.payer == payer, payment_orders.c.nonce == nonce
        )


def _held(row: Any) -> HeldOrder:
    return HeldOrder(
        order=Order(
            payer=bytes(row.payer),
            payee=bytes(row.payee),
            token=bytes(row.token),
            amount=row.amount,
            nonce=row.nonce,
            valid_before=row.valid_before,
            purpose=bytes(row.purpose),
        ),
        signature=bytes(row.signature),
        status=row.status,
        intent=row.intent,
        tries=row.tries,
        since=row.received_at,
        error=row.error,
    )
