"""Live news for pages: what changed in the tables, once for every open stream.

One task asks the tables a few times a second and hands what is new to bounded queues. A stream that does not
keep up is ended; the browser opens it again with its `Last-Event-ID` and gets what it missed, or the word
`reset` when that is no longer kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.api.rest.deps import ApiLimits
from agents_offchain.api.rest.errors import QuotaSpent
from agents_offchain.chain.addresses import Deployment, JobName
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import Retryable
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import progress
from agents_offchain.storage.tables.read_model import chain_heads, changes, jobs

log = structlog.get_logger(__name__)
BATCH_ROWS = 500
_MAX_ROW_ID = 2**31 - 1


@dataclass(frozen=True, order=True)
class Place:
    """How far a stream has read: last row of `changes` and of `progress`."""

    change_id: int
    progress_id: int

    def __str__(self) -> str:
        return f"{self.change_id}.{self.progress_id}"


def parse_place(text: str | None) -> Place | None:
    """A `Last-Event-ID`; None for one that is not ours."""
    parts = (text or "").split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        return None
    change_id, progress_id = (int(part) for part in parts)
    return Place(change_id, progress_id) if max(change_id, progress_id) <= _MAX_ROW_ID else None


@dataclass(frozen=True)
class News:
    """One event of the stream: job, listing, agent, head or reset."""

    event: str
    data: dict[str, Any]
    place: Place

    @property
    def job_id(self) -> str | None:
        value = self.data.get("job_id")
        return None if value is None else str(value)


@dataclass(eq=False)
class _Subscriber:
    client: str
    wants: Callable[[News], bool]
    queue: asyncio.Queue[News | None]
    is_lost: bool = False

    def offer(self, news: News) -> None:
        if self.is_lost or not self.wants(news):
            return
        try:
            self.queue.put_nowait(news)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Let the stream end once its reader has taken what is queued; at once when the queue is full."""
        self.is_lost = True
        with contextlib.suppress(asyncio.QueueFull):
            self.queue.put_nowait(None)


class ChangeFeed:
    """News of the tables for any number of streams.

    Args:
        deployment: Whose jobs are told of.
        limits: How many streams there may be, and how often the tables are asked.
    """

    def __init__(self, database: Database, deployment: Deployment, limits: ApiLimits, clock: Clock) -> None:
        self._database = database
        self._chain_id = deployment.chain_id
        self._deployment = deployment
        self._limits = limits
        self._clock = clock
        self._subscribers: set[_Subscriber] = set()
        self._place: Place | None = None
        self._head: dict[str, int] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def stream_count(self) -> int:
        return len(self._subscribers)

    def start(self) -> None:
        """Begin to ask the tables."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop asking and end every stream."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for subscriber in self._subscribers:
            subscriber.end()

    def subscribe(self, client: str, last_place: Place | None, wants: Callable[[News], bool]) -> AsyncIterator[News]:
        """The news after `last_place`, or from now on; ends when the feed closes or the reader lags.

        The stream counts as open from its first step on, so that one that is never read leaves nothing behind.

        Raises:
            QuotaSpent: too many streams are open, in all or from this client.
        """
        self._require_room(client)
        queue: asyncio.Queue[News | None] = asyncio.Queue(self._limits.stream_queue_items)
        return self._stream(_Subscriber(client, wants, queue), last_place)

    async def _stream(self, subscriber: _Subscriber, last_place: Place | None) -> AsyncIterator[News]:
        self._subscribers.add(subscriber)
        try:
            async with self._database.read() as connection:
                since = await self._newest(connection)
                missed = await self._missed(connection, last_place, since)
                head = await self._read_head(connection)
            for news in (*missed, *self._head_news(head, since)):
                if subscriber.wants(news):
                    yield news
            while not (subscriber.is_lost and subscriber.queue.empty()):
                item = await subscriber.queue.get()
                if item is None:
                    return
                if item.event == "head" or item.place > since:
                    yield item
        finally:
            self._subscribers.discard(subscriber)

    def _require_room(self, client: str) -> None:
        of_client = Counter(subscriber.client for subscriber in self._subscribers)[client]
        if len(self._subscribers) >= self._limits.streams or of_client >= self._limits.streams_per_client:
            raise QuotaSpent(
                "Too many live streams are open.",
                mend="Close other tabs of this page, or wait a little.",
                retry_after_seconds=10.0,
            )

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self.poll()
                except Retryable as error:
                    log.warning("feed_waits", reason=error.message)
                    await self._clock.sleep(error.retry_after_seconds)
                await self._clock.sleep(self._limits.feed_poll_seconds)
        finally:
            for subscriber in self._subscribers:
                subscriber.end()

    async def poll(self) -> None:
        """Ask the tables once and hand on what is new."""
        async with self._database.read() as connection:
            if self._place is None:
                self._place = await self._newest(connection)
            news, self._place = await self._after(connection, self._place)
            head = await self._read_head(connection)
        for item in (*news, *(self._head_news(head, self._place) if head != self._head else ())):
            for subscriber in tuple(self._subscribers):
                subscriber.offer(item)
        self._head = head

    async def _newest(self, connection: AsyncConnection) -> Place:
        last_change = select(func.coalesce(func.max(changes.c.id), 0))
        last_progress = select(func.coalesce(func.max(progress.c.id), 0))
        return Place(
            (await connection.execute(last_change)).scalar_one(),
            (await connection.execute(last_progress)).scalar_one(),
        )

    async def _missed(self, connection: AsyncConnection, last: Place | None, newest: Place) -> list[News]:
        if last is None:
            return []
        oldest = (await connection.execute(select(func.min(changes.c.id)))).scalar_one()
        is_kept = oldest is None or last.change_id >= oldest - 1
        is_past = last.change_id <= newest.change_id and last.progress_id <= newest.progress_id
        if not is_kept or not is_past:
            return [News("reset", {}, newest)]
        missed, reached = await self._after(connection, last)
        return missed if reached == newest else [News("reset", {}, newest)]

    async def _after(self, connection: AsyncConnection, place: Place) -> tuple[list[News], Place]:
        """At most `BATCH_ROWS` changes and as many lines of progress, and how far that reaches."""
        news = []
        query = select(changes).where(changes.c.id > place.change_id).order_by(changes.c.id).limit(BATCH_ROWS)
        for row in await connection.execute(query):
            place = Place(row.id, place.progress_id)
            if (item := _change_news(row, place, self._deployment)) is not None:
                news.append(item)
        query = select(progress).where(progress.c.id > place.progress_id).order_by(progress.c.id).limit(BATCH_ROWS)
        rows = (await connection.execute(query)).all()
        news += await self._progress_news(connection, rows, place)
        return news, Place(place.change_id, rows[-1].id if rows else place.progress_id)

    async def _progress_news(self, connection: AsyncConnection, rows: Sequence[Any], place: Place) -> list[News]:
        ours = [(row, name) for row in rows if (name := self._deployment.job_of_key(row.job_key)) is not None]
        if not ours:
            return []
        known = select(jobs.c.generation, jobs.c.job_id, jobs.c.status)
        known = known.where(jobs.c.job_id.in_({name.job_id for _, name in ours}))
        statuses = {JobName(row.generation, row.job_id): row.status for row in await connection.execute(known)}
        head = await self._read_head(connection)
        block = head["block"] if head else 0
        return [
            News(
                "job",
                {
                    "job_id": self._deployment.reference(name.generation, name.job_id),
                    "status": statuses.get(name, "unknown"),
                    "block": block,
                    "stage": row.stage,
                },
                Place(place.change_id, row.id),
            )
            for row, name in ours
        ]

    async def _read_head(self, connection: AsyncConnection) -> dict[str, int] | None:
        query = select(chain_heads).where(chain_heads.c.chain_id == self._chain_id)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else {"block": row.block_number, "timestamp": row.block_time}

    def _head_news(self, head: dict[str, int] | None, place: Place) -> list[News]:
        return [] if head is None else [News("head", dict(head), place)]


def _change_news(row: Any, place: Place, deployment: Deployment) -> News | None:
    entity_id = str(row.entity_id)
    if row.entity == "job":
        called = deployment.reference(row.generation, row.entity_id)
        return News("job", {"job_id": called, "status": row.status, "block": row.block_number}, place)
    if row.entity == "agent" or (row.entity == "listing" and row.generation == deployment.generation):
        return News(row.entity, {f"{row.entity}_id": entity_id, "block": row.block_number}, place)
    return None
