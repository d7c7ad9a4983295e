"""The seats that a juror was drawn for, each with its secret vote; kept by events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Block
from agents_offchain.chain.watcher import ChainEvent
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.hexes import decode_address
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.tables.court import juror_seats
from agents_offchain.storage.upsert import insert_new

OPEN, OVER = "open", "over"


@dataclass(frozen=True)
class Seat:
    """A seat; `share_bps` is the vote, None while nobody has made up his mind."""

    dispute_id: int
    round: int
    seat: int
    share_bps: int | None
    salt: bytes | None
    stage: str
    intent: str | None
    tries: int
    error: str | None

    @property
    def place(self) -> tuple[int, int, int]:
        return self.dispute_id, self.round, self.seat


class SeatBook:
    """One juror's seats in one court.

    Args:
        book: `chain_id:0x<JurorCourt>`.
    """

    def __init__(self, database: Database, consumer: str, book: str, clock: Clock) -> None:
        self._database = database
        self._consumer = consumer
        self._book = book
        self._clock = clock

    async def draw(self, connection: AsyncConnection, place: tuple[int, int, int], block: int) -> None:
        """A seat was drawn. One that came back after a reorganisation keeps its vote, which may be on the chain."""
        row = {
            **dict(zip(("dispute_id", "round", "seat"), place, strict=True)),
            "consumer": self._consumer,
            "book": self._book,
            "stage": OPEN,
            "changed_block": block,
            "tries": 0,
            "not_before": 0.0,
            "updated_at": self._clock.now_seconds(),
        }
        if not await insert_new(connection, juror_seats, [row]):
            await self.change(connection, place, stage=OPEN, changed_block=block, not_before=0.0)

    async def change(self, connection: AsyncConnection, place: tuple[int, int, int], **values: Any) -> None:
        await connection.execute(
            update(juror_seats).where(self._at(place)).values(**values, updated_at=self._clock.now_seconds())
        )

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        """Seats drawn in blocks above this one are looked at again; the chain says whether they stand."""
        await connection.execute(
            update(juror_seats)
            .where(self._mine(), juror_seats.c.changed_block > last_valid)
            .values(stage=OPEN, changed_block=last_valid, not_before=0.0, updated_at=self._clock.now_seconds())
        )

    async def due(self) -> list[Seat]:
        """Open seats whose time to be looked at has come."""
        query = select(juror_seats).where(
            self._mine(),
            juror_seats.c.stage == OPEN,
            is_due(juror_seats.c.not_before, self._clock.now_seconds()),
        )
        return await self._all(query.order_by(juror_seats.c.dispute_id, juror_seats.c.round, juror_seats.c.seat))

    async def all(self) -> list[Seat]:
        """Every seat, the newest dispute first."""
        query = select(juror_seats).where(self._mine()).order_by(juror_seats.c.dispute_id.desc(), juror_seats.c.round)
        return await self._all(query)

    async def vote(self, dispute_id: int, share_bps: int) -> int:
        """Make up the mind on every seat of a dispute that has not begun to commit; how many."""
        async with self._database.write() as connection:
            result = await connection.execute(
                update(juror_seats)
                .where(
                    self._mine(),
                    juror_seats.c.dispute_id == dispute_id,
                    juror_seats.c.stage == OPEN,
                    juror_seats.c.salt.is_(None),
                )
                .values(share_bps=share_bps, not_before=0.0, error=None, updated_at=self._clock.now_seconds())
            )
        return int(result.rowcount)

    async def keep_salt(self, seat: Seat, salt: bytes) -> bool:
        """Write the salt before the commitment leaves, unless one was written; False then."""
        async with self._database.write() as connection:
            result = await connection.execute(
                update(juror_seats)
                .where(self._at(seat.place), juror_seats.c.salt.is_(None), juror_seats.c.share_bps == seat.share_bps)
                .values(salt=salt, updated_at=self._clock.now_seconds())
            )
        return bool(result.rowcount)

    async def put_off(self, seat: Seat, seconds: float, **values: Any) -> None:
        async with self._database.write() as connection:
            await self.change(connection, seat.place, not_before=self._clock.now_seconds() + seconds, **values)

    async def _all(self, query: Any) -> list[Seat]:
        async with self._database.read() as connection:
            return [_seat(row) for row in (await connection.execute(query)).all()]

    def _mine(self) -> Any:
        return and_(juror_seats.c.consumer == self._consumer, juror_seats.c.book == self._book)

    def _at(self, place: tuple[int, int, int]) -> Any:
        return and_(
            self._mine(),
            juror_seats.c.dispute_id == place[0],
            juror_seats.c.round == place[1],
            juror_seats.c.seat == place[2],
        )


class SeatSink:
    """Takes the draws of one juror into its book."""

    def __init__(self, book: SeatBook, juror: bytes) -> None:
        self._book = book
        self._juror = juror

    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        for event in events:
            if event.contract != "JurorCourt" or event.name not in ("SeatDrawn", "SeatExcused"):
                continue
            if decode_address(event.args["juror"]) != self._juror:
                continue
            place = (event.args["disputeId"], event.args["round"], event.args["seat"])
            if event.name == "SeatDrawn":
                await self._book.draw(connection, place, event.block_number)
            else:
                await self._book.change(connection, place, stage=OVER, changed_block=event.block_number)

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        await self._book.roll_back(connection, last_valid)


def _seat(row: Any) -> Seat:
    return Seat(
        dispute_id=row.dispute_id,
        round=row.round,
        seat=row.seat,
        share_bps=row.share_bps,
        salt=None if row.salt is None else bytes(row.salt),
        stage=row.stage,
        intent=row.intent,
        tries=row.tries,
        error=row.error,
    )
