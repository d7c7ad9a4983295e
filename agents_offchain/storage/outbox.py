"""The outbox: transactions that somebody decided to send, each under a key that makes asking twice harmless.

Whoever decides writes the intent in the same database transaction as the decision; `chain.sender`
takes it to the chain and writes back what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import outbox
from agents_offchain.storage.upsert import insert_new

PLANNED, SENT, CONFIRMED, FAILED = "planned", "sent", "confirmed", "failed"
WITHDRAWN = "withdrawn"
"""Kind of an intent that was taken back while it was on its way."""


def lane_name(chain_id: int, address: bytes) -> str:
    """The name of one account's nonce sequence on one chain."""
    return f"{chain_id}:0x{address.hex()}"


@dataclass(frozen=True)
class Intent:
    """A call to send: `intent_key` names the effect, so that the same effect is planned once."""

    intent_key: str
    kind: str
    to: bytes
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True)
class OutboxItem:
    """An intent and what became of it."""

    id: int
    intent: Intent
    status: str
    tx_hash: bytes | None
    block_number: int | None
    block_hash: bytes | None
    gas_used: int | None
    error: str | None
    attempts: int
    updated_at: float


class Outbox:
    """The intents of one lane."""

    def __init__(self, database: Database, lane: str, clock: Clock | None = None) -> None:
        self._database = database
        self.lane = lane
        self._clock = clock or SystemClock()

    async def plan(self, connection: AsyncConnection, intent: Intent) -> bool:
        """Write an intent in the caller's transaction; False when it was planned before."""
        now = self._clock.now_seconds()
        row = {
            "lane": self.lane,
            "intent_key": intent.intent_key,
            "kind": intent.kind,
            "to_address": intent.to,
            "data": intent.data,
            "value_wei": intent.value_wei,
            "status": PLANNED,
            "attempts": 0,
            "not_before": 0.0,
            "created_at": now,
            "updated_at": now,
        }
        return await insert_new(connection, outbox, [row]) == 1

    async def plan_again(self, connection: AsyncConnection, intent: Intent) -> bool:
        """Plan an intent whose simulation failed before, since the chain has changed; else as `plan`.

        One that was mined, or is on its way, stays as it is. One that was withdrawn is wanted again: on its way,
        it takes its old form and nonce back; when its withdrawal was mined, it starts anew.
        """
        if await self.plan(connection, intent):
            return True
        ours = (outbox.c.lane == self.lane) & (outbox.c.intent_key == intent.intent_key)
        call = {
            "kind": intent.kind,
            "to_address": intent.to,
            "data": intent.data,
            "value_wei": intent.value_wei,
            "error": None,
            "updated_at": self._clock.now_seconds(),
        }
        back = await connection.execute(
            update(outbox).where(ours, outbox.c.kind == WITHDRAWN, outbox.c.status == SENT).values(**call)
        )
        is_over = or_(
            (outbox.c.status == FAILED) & outbox.c.block_number.is_(None),
            (outbox.c.kind == WITHDRAWN) & outbox.c.status.in_([CONFIRMED, FAILED]),
        )
        anew = await connection.execute(
            update(outbox)
            .where(ours, is_over)
            .values(**call, status=PLANNED, tx_hash=None, block_number=None, block_hash=None, gas_used=None)
        )
        return bool(back.rowcount + anew.rowcount)

    async def withdraw(self, connection: AsyncConnection, intent_key: str, reason: str) -> None:
        """Take back an intent that is not wanted any more.

        One that was not sent fails. One on its way becomes a transfer of nothing to ourselves, which the
        sender offers more for under the same nonce; a node may still mine the first one.
        """
        ours = (outbox.c.lane == self.lane) & (outbox.c.intent_key == intent_key)
        now = self._clock.now_seconds()
        await connection.execute(
            update(outbox).where(ours, outbox.c.status == PLANNED).values(status=FAILED, error=reason, updated_at=now)
        )
        account = bytes.fromhex(self.lane.rpartition("0x")[2])
        await connection.execute(
            update(outbox)
            .where(ours, outbox.c.status == SENT)
            .values(kind=WITHDRAWN, to_address=account, data=b"", value_wei=0, error=reason, updated_at=now)
        )

    async def status(self, intent_key: str) -> OutboxItem | None:
        return await self._one(select(outbox).where(outbox.c.intent_key == intent_key))

    async def newest(self, prefix: str) -> OutboxItem | None:
        """The last planned of the intents whose keys begin so."""
        named = select(outbox).where(outbox.c.intent_key.startswith(prefix, autoescape=True))
        return await self._one(named.order_by(outbox.c.id.desc()).limit(1))

    async def _one(self, query: Select[Any]) -> OutboxItem | None:
        query = query.where(outbox.c.lane == self.lane)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else item_of(row)

    async def count_open(self) -> int:
        """Intents not yet confirmed or failed."""
        query = (
            select(func.count())
            .select_from(outbox)
            .where(outbox.c.lane == self.lane, outbox.c.status.in_([PLANNED, SENT]))
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())


async def unsettled(database: Database, contract: bytes, block_number: int) -> int:
    """Intents of any lane that call a contract and are on their way, or stand in a later block than this one."""
    query = select(func.count()).where(
        outbox.c.to_address == contract, outbox.c.intent_key.in_(not_mined_by(block_number))
    )
    async with database.read() as connection:
        return int((await connection.execute(query.select_from(outbox))).scalar_one())


def not_mined_by(block_number: int) -> Select[Any]:
    """Keys of the intents that are on their way, or stand in a later block than this one.

    Where the chain took back what is above the block, these are not done: the sender of a lane may have noticed it
    first, and then they are on their way again already.
    """
    is_open = outbox.c.status.in_([PLANNED, SENT])
    return select(outbox.c.intent_key).where(or_(outbox.c.block_number > block_number, is_open))


def item_of(row: Any) -> OutboxItem:
    """A row of the outbox table as a value."""
    return OutboxItem(
        id=row.id,
        intent=Intent(row.intent_key, row.kind, bytes(row.to_address), bytes(row.data), row.value_wei),
        status=row.status,
        tx_hash=None if row.tx_hash is None else bytes(row.tx_hash),
        block_number=row.block_number,
        block_hash=None if row.block_hash is None else bytes(row.block_hash),
        gas_used=row.gas_used,
        error=row.error,
        attempts=row.attempts,
        updated_at=row.updated_at,
    )
