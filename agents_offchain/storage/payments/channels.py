"""Channels as last read from the chain, their vouchers, and the claim that is on its way from each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.payments import Channel
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.tables.payments import channels, vouchers
from agents_offchain.storage.upsert import insert_new


@dataclass(frozen=True)
class ChannelRow:
    """A channel as last read; `closable_at` is 0 while it is open, `intent` names a claim on its way."""

    channel: Channel
    deposit: int
    claimed: int
    closable_at: int
    changed_block: int
    is_stale: bool
    intent: str | None
    tries: int
    error: str | None


@dataclass(frozen=True)
class HeldVoucher:
    """A verified voucher over a channel; `since` is when the first unclaimed one came."""

    row: ChannelRow
    cumulative: int
    signature: bytes
    since: float

    @property
    def amount(self) -> int:
        """What claiming it moves."""
        return self.cumulative - self.row.claimed


class ChannelBook:
    """The channels of one PaymentChannels contract.

    Args:
        book: `chain_id:0x<contract>`.
    """

    def __init__(self, database: Database, book: str, clock: Clock | None = None) -> None:
        self._database = database
        self.book = book
        self._clock = clock or SystemClock()

    async def note_channel(self, connection: AsyncConnection, channel: Channel, block: int) -> None:
        """A channel that was opened, or named by somebody; what it holds is read later."""
        row = {
            "book": self.book,
            "channel_id": channel.channel_id,
            "payer": channel.payer,
            "payee": channel.payee,
            "token": channel.token,
            "grace_seconds": channel.grace_seconds,
            "salt": channel.salt,
            "deposit": 0,
            "claimed": 0,
            "closable_at": 0,
            "changed_block": block,
            "is_stale": True,
            "tries": 0,
            "not_before": 0.0,
            "updated_at": self._clock.now_seconds(),
        }
        if not await insert_new(connection, channels, [row]):
            await self.mark_stale(connection, channel.channel_id, block)

    async def mark_stale(self, connection: AsyncConnection, channel_id: bytes, block: int) -> None:
        """The chain said something about a channel in this block."""
        await connection.execute(
            self._update(channel_id).values(
                is_stale=True, changed_block=block, not_before=0.0, updated_at=self._clock.now_seconds()
            )
        )

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        """What blocks above this one said is void; those channels are read again."""
        await connection.execute(
            update(channels)
            .where(channels.c.book == self.book, channels.c.changed_block > last_valid)
            .values(is_stale=True, changed_block=last_valid, updated_at=self._clock.now_seconds())
        )

    async def stale(self, limit: int = 200) -> list[ChannelRow]:
        """Channels to be read again."""
        query = select(channels).where(channels.c.book == self.book, channels.c.is_stale.is_(True))
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def refresh(self, row: ChannelRow, deposit: int, claimed: int, closable_at: int) -> None:
        """Write what the chain says, unless it has said something else since; drop vouchers below what was claimed."""
        channel_id = row.channel.channel_id
        async with self._database.write() as connection:
            await connection.execute(
                self._update(channel_id)
                .where(channels.c.changed_block == row.changed_block)
                .values(
                    deposit=deposit,
                    claimed=claimed,
                    closable_at=closable_at,
                    is_stale=False,
                    tries=0 if claimed > row.claimed else row.tries,
                    error=None if claimed > row.claimed else row.error,
                    updated_at=self._clock.now_seconds(),
                )
            )
            await connection.execute(
                delete(vouchers).where(
                    vouchers.c.book == self.book,
                    vouchers.c.channel_id == channel_id,
                    vouchers.c.cumulative < claimed,
                )
            )

    async def add_voucher(
        self, connection: AsyncConnection, channel: Channel, cumulative: int, signature: bytes
    ) -> bool:
        """Keep a verified voucher; False when it was kept before."""
        row = {
            "book": self.book,
            "channel_id": channel.channel_id,
            "cumulative": cumulative,
            "signature": signature,
            "received_at": self._clock.now_seconds(),
        }
        return await insert_new(connection, vouchers, [row]) == 1

    async def newest(self, channel_id: bytes) -> tuple[int, bytes] | None:
        """(cumulative, signature) of the largest voucher of a channel."""
        query = select(vouchers).where(vouchers.c.book == self.book, vouchers.c.channel_id == channel_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(vouchers.c.cumulative.desc()).limit(1))).first()
        return None if row is None else (row.cumulative, bytes(row.signature))

    async def claimable(self, limit: int = 500, *, with_postponed: bool = False) -> list[HeldVoucher]:
        """The largest voucher that each channel covers and that says more than was claimed; those closing come first.

        Channels that are being claimed from, not read yet, or put off are left out, the last unless `with_postponed`.
        """
        is_time = true() if with_postponed else is_due(channels.c.not_before, self._clock.now_seconds())
        query = (
            select(
                *channels.c,
                func.max(vouchers.c.cumulative).label("cumulative"),
                func.min(vouchers.c.received_at).label("since"),
            )
            .join(vouchers, and_(vouchers.c.book == channels.c.book, vouchers.c.channel_id == channels.c.channel_id))
            .where(
                channels.c.book == self.book,
                channels.c.is_stale.is_(False),
                channels.c.intent.is_(None),
                is_time,
                vouchers.c.cumulative > channels.c.claimed,
                vouchers.c.cumulative <= channels.c.deposit,
            )
            .group_by(*channels.c)
            .order_by((channels.c.closable_at == 0), channels.c.closable_at, channels.c.channel_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            return [
                HeldVoucher(_row(row), row.cumulative, await self._signature(connection, row), row.since)
                for row in rows
            ]

    async def unclaimed(self) -> int:
        """Units that vouchers may still bring: what the largest covered one of each channel says beyond the claimed.

        Of a channel that is to be read again every voucher counts.
        """
        query = (
            select(channels.c.claimed, func.max(vouchers.c.cumulative).label("cumulative"))
            .join(vouchers, and_(vouchers.c.book == channels.c.book, vouchers.c.channel_id == channels.c.channel_id))
            .where(
                channels.c.book == self.book,
                vouchers.c.cumulative > channels.c.claimed,
                or_(channels.c.is_stale.is_(True), vouchers.c.cumulative <= channels.c.deposit),
            )
            .group_by(channels.c.channel_id, channels.c.claimed)
        )
        async with self._database.read() as connection:
            return sum(row.cumulative - row.claimed for row in (await connection.execute(query)).all())

    async def _signature(self, connection: AsyncConnection, row: Any) -> bytes:
        query = select(vouchers.c.signature).where(
            vouchers.c.book == self.book,
            vouchers.c.channel_id == row.channel_id,
            vouchers.c.cumulative == row.cumulative,
        )
        return bytes((await connection.execute(query)).scalar_one())

    async def take(self, connection: AsyncConnection, rows: Sequence[ChannelRow], intent: str) -> None:
        """Note the claim that was planned for these channels, in the transaction that plans it."""
        for row in rows:
            await connection.execute(
                self._update(row.channel.channel_id).values(intent=intent, updated_at=self._clock.now_seconds())
            )

    async def in_flight(self) -> list[ChannelRow]:
        """Channels with a claim on its way."""
        query = select(channels).where(channels.c.book == self.book, channels.c.intent.is_not(None))
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query)).all()]

    async def let_go(self, row: ChannelRow, *, after_seconds: float, error: str | None) -> None:
        """A claim is through, well or not: read the channel again, and look at it after a pause."""
        async with self._database.write() as connection:
            await connection.execute(
                self._update(row.channel.channel_id).values(
                    intent=None,
                    is_stale=True,
                    tries=row.tries + 1,
                    not_before=self._clock.now_seconds() + after_seconds,
                    error=error,
                    updated_at=self._clock.now_seconds(),
                )
            )

    async def postpone(self, row: ChannelRow, *, after_seconds: float, error: str) -> None:
        """Look at a channel later."""
        later = self._clock.now_seconds() + after_seconds
        async with self._database.write() as connection:
            await connection.execute(
                self._update(row.channel.channel_id).values(
                    not_before=later, error=error[:2000], updated_at=self._clock.now_seconds()
                )
            )

    async def get(self, channel_id: bytes) -> ChannelRow | None:
        query = select(channels).where(channels.c.book == self.book, channels.c.channel_id == channel_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _row(row)

    async def list_of(self, accounts: Sequence[bytes], limit: int = 500) -> list[ChannelRow]:
        """Channels that one of these accounts pays or is paid by, the newest first."""
        query = (
            select(channels)
            .where(
                channels.c.book == self.book,
                channels.c.payer.in_(list(accounts)) | channels.c.payee.in_(list(accounts)),
            )
            .order_by(channels.c.updated_at.desc(), channels.c.channel_id)
        )
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query.limit(limit))).all()]

    def _update(self, channel_id: bytes) -> Any:
        return update(channels).where(channels.c.book == self.book, channels.c.channel_id == channel_id)


def _row(row: Any) -> ChannelRow:
    return ChannelRow(
        channel=Channel(bytes(row.payer), bytes(row.payee), bytes(row.token), row.grace_seconds, row.salt),
        deposit=row.deposit,
        claimed=row.claimed,
        closable_at=row.closable_at,
        changed_block=row.changed_block,
        is_stale=row.is_stale,
        intent=row.intent,
        tries=row.tries,
        error=row.error,
    )
