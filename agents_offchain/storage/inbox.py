"""The inbox: facts a daemon has still to act on, one row per log, handled once.

`InboxSink` is what a daemon gives its watcher; it fills the inbox in the cursor's transaction.
Rows of blocks that were taken back and not yet handled go away; handled ones are marked orphaned and
come back as new when the log returns in another block, so that a handler sees every canonical fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import inbox
from agents_offchain.storage.upsert import upsert

NEW, DONE, DEAD, ORPHANED = "new", "done", "dead", "orphaned"


class Fact(Protocol):
    """What the inbox stores of an event; `chain.watcher.ChainEvent` is one."""

    @property
    def chain_id(self) -> int: ...
    @property
    def block_number(self) -> int: ...
    @property
    def block_hash(self) -> bytes: ...
    @property
    def block_time(self) -> int: ...
    @property
    def tx_hash(self) -> bytes: ...
    @property
    def log_index(self) -> int: ...
    @property
    def contract(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def args(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class InboxItem:
    """A stored fact; `args` are JSON values (big integers as strings, bytes as hex)."""

    consumer: str
    chain_id: int
    tx_hash: bytes
    log_index: int
    block_number: int
    block_time: int
    contract: str
    event: str
    args: dict[str, Any]
    attempts: int


class Inbox:
    """One consumer's queue of facts."""

    def __init__(self, database: Database, consumer: str, clock: Clock | None = None) -> None:
        self._database = database
        self.consumer = consumer
        self._clock = clock or SystemClock()

    async def pending(self, limit: int = 100) -> list[InboxItem]:
        """The oldest facts not yet handled, in chain order."""
        query = (
            select(inbox)
            .where(inbox.c.consumer == self.consumer, inbox.c.status == NEW)
            .order_by(inbox.c.block_number, inbox.c.log_index)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            InboxItem(
                row.consumer,
                row.chain_id,
                row.tx_hash,
                row.log_index,
                row.block_number,
                row.block_time,
                row.contract,
                row.event,
                row.args,
                row.attempts,
            )
            for row in rows
        ]

    async def count_pending(self) -> int:
        query = select(func.count()).select_from(inbox).where(inbox.c.consumer == self.consumer, inbox.c.status == NEW)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def stands(self, connection: AsyncConnection, chain_id: int, tx_hash: bytes) -> bool:
        """Whether the facts of a transaction are on the chain, as far as this consumer has followed it."""
        query = select(inbox.c.log_index).where(
            inbox.c.consumer == self.consumer,
            inbox.c.chain_id == chain_id,
            inbox.c.tx_hash == tx_hash,
            inbox.c.status != ORPHANED,
        )
        return (await connection.execute(query.limit(1))).first() is not None

    async def mark_done(self, connection: AsyncConnection, item: InboxItem) -> None:
        """Say that a fact was acted on; call it in the transaction that records the act."""
        await connection.execute(_at(item).values(status=DONE))

    async def mark_failed(self, item: InboxItem, reason: str, *, max_attempts: int) -> bool:
        """Count a failure; True when the fact is now dead."""
        is_dead = item.attempts + 1 >= max_attempts
        async with self._database.write() as connection:
            await connection.execute(
                _at(item).values(attempts=item.attempts + 1, error=reason, status=DEAD if is_dead else NEW)
            )
        return is_dead


class InboxSink:
    """Puts a watcher's events into the inbox.

    Args:
        wants: Which events this consumer acts on.
        jsonable: Turns ABI values into JSON values.
    """

    def __init__(
        self,
        consumer: str,
        wants: Callable[[Fact], bool],
        jsonable: Callable[[Any], Any],
        clock: Clock | None = None,
    ) -> None:
        self._consumer = consumer
        self._wants = wants
        self._jsonable = jsonable
        self._clock = clock or SystemClock()

    async def apply(self, connection: AsyncConnection, events: Sequence[Fact], head: Any) -> None:
        for event in events:
            if self._wants(event):
                await self._take(connection, event)

    async def _take(self, connection: AsyncConnection, event: Fact) -> None:
        key = (
            (inbox.c.consumer == self._consumer)
            & (inbox.c.chain_id == event.chain_id)
            & (inbox.c.tx_hash == event.tx_hash)
            & (inbox.c.log_index == event.log_index)
        )
        held = (await connection.execute(select(inbox.c.status).where(key))).scalar_one_or_none()
        if held is not None and held != ORPHANED:
            return
        await upsert(
            connection,
            inbox,
            {
                "consumer": self._consumer,
                "chain_id": event.chain_id,
                "tx_hash": event.tx_hash,
                "log_index": event.log_index,
                "block_number": event.block_number,
                "block_hash": event.block_hash,
                "block_time": event.block_time,
                "contract": event.contract,
                "event": event.name,
                "args": self._jsonable(event.args),
                "status": NEW,
                "attempts": 0,
                "error": None,
                "received_at": self._clock.now_seconds(),
            },
        )

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        above = (inbox.c.consumer == self._consumer) & (inbox.c.block_number > last_valid)
        await connection.execute(delete(inbox).where(above, inbox.c.status == NEW))
        await connection.execute(update(inbox).where(above).values(status=ORPHANED))


def _at(item: InboxItem) -> Any:
    return update(inbox).where(
        inbox.c.consumer == item.consumer,
        inbox.c.chain_id == item.chain_id,
        inbox.c.tx_hash == item.tx_hash,
        inbox.c.log_index == item.log_index,
    )
