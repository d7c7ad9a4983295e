"""Jobs a daemon has to do something for, and who has each one now.

A lease is taken, renewed and given back by owner name; when its holder dies the lease runs out and
another owner takes the job over from its checkpoint. Every change names the owner it expects, so a
holder that lost its lease cannot write over its successor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import Retryable
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.tables.journal import work
from agents_offchain.storage.upsert import insert_new

OPEN, NEW, LEASED, DELIVERED, DONE, REFUSED, DEAD = (
    "open",
    "new",
    "leased",
    "delivered",
    "done",
    "refused",
    "dead",
)
"""open: known, not yet ready; new: ready; leased: in hand; delivered, done, refused, dead: ended."""


CLOCK_SLACK = 2.0
"""A lease that has more of its lengths left than this was taken before the clock was put back, and is over."""


class LeaseLost(Retryable):
    """Somebody else holds this job now."""


@dataclass(frozen=True)
class WorkItem:
    """A job with its terms (JSON of the facts that started it) and the last checkpoint.

    `changed_at`, unix seconds, is when the row last changed before this reading: for a first lease, when the job became
    ready.
    """

    consumer: str
    job_key: str
    status: str
    attempts: int
    terms: dict[str, Any]
    checkpoint: dict[str, Any]
    error: str | None
    changed_at: float = 0.0


class WorkQueue:
    """One consumer's jobs.

    Args:
        lease_seconds: How long a lease holds without being renewed.
    """

    def __init__(
        self, database: Database, consumer: str, *, lease_seconds: float = 30.0, clock: Clock | None = None
    ) -> None:
        self._database = database
        self.consumer = consumer
        self.lease_seconds = lease_seconds
        self._clock = clock or SystemClock()

    async def add(self, connection: AsyncConnection, job_key: str, terms: dict[str, Any], status: str = NEW) -> bool:
        """Enter a job in the caller's transaction; False when it is known already."""
        now = self._clock.now_seconds()
        row = {
            "consumer": self.consumer,
            "job_key": job_key,
            "status": status,
            "attempts": 0,
            "not_before": 0.0,
            "terms": terms,
            "created_at": now,
            "updated_at": now,
        }
        return await insert_new(connection, work, [row]) == 1

    async def lease(self, owner: str) -> WorkItem | None:
        """Take the oldest job that is free, or whose holder's lease ran out; None when there is none."""
        now = self._clock.now_seconds()
        is_over = or_(work.c.lease_until < now, work.c.lease_until > now + CLOCK_SLACK * self.lease_seconds)
        is_free = or_(work.c.status == NEW, and_(work.c.status == LEASED, is_over))
        free = (
            select(work)
            .where(work.c.consumer == self.consumer, is_free, is_due(work.c.not_before, now))
            .order_by(work.c.created_at)
            .limit(1)
        )
        async with self._database.read() as connection:  # mostly there is none, and readers hold nobody up
            if (await connection.execute(free)).first() is None:
                return None
        async with self._database.write() as connection:
            row = (await connection.execute(free.with_for_update(skip_locked=True))).first()
            if row is None:
                return None
            await connection.execute(
                update(work)
                .where(work.c.consumer == self.consumer, work.c.job_key == row.job_key)
                .values(
                    status=LEASED,
                    lease_owner=owner,
                    lease_until=now + self.lease_seconds,
                    attempts=row.attempts + 1,
                    updated_at=now,
                )
            )
        return _item(row, attempts=row.attempts + 1)

    async def renew(self, owner: str, job_key: str) -> None:
        """Raises LeaseLost when `owner` no longer holds the job."""
        async with self._database.write() as connection:
            await self._change(connection, owner, job_key, lease_until=self._clock.now_seconds() + self.lease_seconds)

    async def save_checkpoint(self, owner: str, job_key: str, checkpoint: dict[str, Any]) -> None:
        """Keep what a successor needs to go on from here."""
        async with self._database.write() as connection:
            await self._change(connection, owner, job_key, checkpoint=checkpoint)

    async def close(
        self, connection: AsyncConnection, owner: str, job_key: str, status: str, error: str | None = None
    ) -> None:
        """Give the job back with an end status, in the caller's transaction."""
        await self._change(connection, owner, job_key, status=status, error=error, lease_owner=None, lease_until=None)

    async def retry_later(self, owner: str, job_key: str, *, after_seconds: float, error: str) -> None:
        """Give the job back to be tried again."""
        async with self._database.write() as connection:
            await self._change(
                connection,
                owner,
                job_key,
                status=NEW,
                error=error,
                lease_owner=None,
                lease_until=None,
                not_before=self._clock.now_seconds() + after_seconds,
            )

    async def replace_terms(
        self, connection: AsyncConnection, job_key: str, terms: dict[str, Any], status: str = NEW
    ) -> None:
        """Start a job over with other terms: after a reorganisation its number means another job."""
        await connection.execute(
            update(work)
            .where(work.c.consumer == self.consumer, work.c.job_key == job_key)
            .values(
                status=status,
                terms=terms,
                not_before=0.0,
                checkpoint=None,
                attempts=0,
                error=None,
                lease_owner=None,
                lease_until=None,
                updated_at=self._clock.now_seconds(),
            )
        )

    async def set_status(self, connection: AsyncConnection, job_key: str, status: str) -> None:
        """Move a job nobody holds to another status (a fact from the chain decided it)."""
        await connection.execute(
            update(work)
            .where(work.c.consumer == self.consumer, work.c.job_key == job_key)
            .values(status=status, updated_at=self._clock.now_seconds())
        )

    async def get(self, job_key: str) -> WorkItem | None:
        query = select(work).where(work.c.consumer == self.consumer, work.c.job_key == job_key)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _item(row)

    async def find(self, connection: AsyncConnection, job_key: str) -> WorkItem | None:
        """The job in the caller's transaction, held for it until it ends."""
        query = select(work).where(work.c.consumer == self.consumer, work.c.job_key == job_key).with_for_update()
        row = (await connection.execute(query)).first()
        return None if row is None else _item(row)

    async def count_open(self) -> int:
        """Jobs waiting or in hand."""
        query = (
            select(func.count())
            .select_from(work)
            .where(work.c.consumer == self.consumer, work.c.status.in_([NEW, LEASED]))
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _change(self, connection: AsyncConnection, owner: str, job_key: str, **values: Any) -> None:
        result = await connection.execute(
            update(work)
            .where(
                work.c.consumer == self.consumer,
                work.c.job_key == job_key,
                work.c.status == LEASED,
                work.c.lease_owner == owner,
            )
            .values(**values, updated_at=self._clock.now_seconds())
        )
        if result.rowcount != 1:
            raise LeaseLost(f"{owner} no longer holds {job_key}.", job_key=job_key)


def _item(row: Any, attempts: int | None = None) -> WorkItem:
    return WorkItem(
        consumer=row.consumer,
        job_key=row.job_key,
        status=row.status,
        attempts=row.attempts if attempts is None else attempts,
        terms=dict(row.terms),
        checkpoint=dict(row.checkpoint or {}),
        error=row.error,
        changed_at=row.updated_at,
    )
