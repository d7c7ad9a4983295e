"""Disputes that a daemon follows, one row each, kept by events; and the step that is on its way for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Block
from agents_offchain.chain.watcher import ChainEvent
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.tables.court import court_cases
from agents_offchain.storage.upsert import insert_new

OPEN, ENDED = "open", "ended"


@dataclass(frozen=True)
class CourtCase:
    """A dispute over a job; times are unix seconds of the chain."""

    job_id: int
    dispute_id: int | None
    opened_at: int
    intent: str | None
    tries: int


class CourtBook:
    """One daemon's disputes of one desk.

    Args:
        book: `chain_id:0x<DisputeDesk>`.
    """

    def __init__(self, database: Database, consumer: str, book: str, clock: Clock) -> None:
        self._database = database
        self._consumer = consumer
        self._book = book
        self._clock = clock

    async def open(self, connection: AsyncConnection, job_id: int, opened_at: int, block: int) -> None:
        row = {
            "consumer": self._consumer,
            "book": self._book,
            "job_id": job_id,
            "opened_at": opened_at,
            "stage": OPEN,
            "changed_block": block,
            "tries": 0,
            "not_before": 0.0,
            "updated_at": self._clock.now_seconds(),
        }
        if not await insert_new(connection, court_cases, [row]):  # after a reorganisation it may be another dispute
            await self.change(connection, job_id, opened_at=opened_at, stage=OPEN, changed_block=block, not_before=0.0)

    async def change(self, connection: AsyncConnection, job_id: int, **values: Any) -> None:
        await connection.execute(
            update(court_cases)
            .where(self._mine(), court_cases.c.job_id == job_id)
            .values(**values, updated_at=self._clock.now_seconds())
        )

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        """What blocks above this one said is void; those disputes are looked at again."""
        await connection.execute(
            update(court_cases)
            .where(self._mine(), court_cases.c.changed_block > last_valid)
            .values(stage=OPEN, changed_block=last_valid, not_before=0.0, updated_at=self._clock.now_seconds())
        )

    async def due(self, limit: int = 50) -> list[CourtCase]:
        """Open disputes whose time to be looked at has come."""
        query = select(court_cases).where(
            self._mine(),
            court_cases.c.stage == OPEN,
            is_due(court_cases.c.not_before, self._clock.now_seconds()),
        )
        query = query.order_by(court_cases.c.not_before, court_cases.c.job_id).limit(limit)
        async with self._database.read() as connection:
            return [_case(row) for row in (await connection.execute(query)).all()]

    async def of_dispute(self, dispute_id: int) -> CourtCase | None:
        query = select(court_cases).where(self._mine(), court_cases.c.dispute_id == dispute_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _case(row)

    async def put_off(self, case: CourtCase, seconds: float, **values: Any) -> None:
        """Look at it later."""
        async with self._database.write() as connection:
            await self.change(connection, case.job_id, not_before=self._clock.now_seconds() + seconds, **values)

    def _mine(self) -> Any:
        return and_(court_cases.c.consumer == self._consumer, court_cases.c.book == self._book)


class CourtSink:
    """Takes the desk's events into the book, in the transaction that moves the watcher's cursor."""

    def __init__(self, book: CourtBook) -> None:
        self._book = book

    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        for event in events:
            if event.contract != "DisputeDesk":
                continue
            job_id, block = event.args.get("jobId"), event.block_number
            if event.name == "DisputeOpened":
                await self._book.open(connection, event.args["jobId"], event.block_time, block)
            elif event.name == "DisputeReferred":
                dispute_id = event.args["disputeId"]
                await self._book.change(
                    connection, event.args["jobId"], dispute_id=dispute_id, changed_block=block, not_before=0.0
                )
            elif event.name in ("DisputeCountered", "DisputeEnded") and job_id is not None:
                await self._book.change(connection, job_id, changed_block=block, not_before=0.0)

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        await self._book.roll_back(connection, last_valid)


def _case(row: Any) -> CourtCase:
    return CourtCase(row.job_id, row.dispute_id, row.opened_at, row.intent, row.tries)
