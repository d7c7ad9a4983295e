"""What an operator asks of a daemon: rows that the daemon reads in its own loop.

A command is asked for once and handled once; the newest one that was handled says how things stand, also after a
restart. Nobody calls into a daemon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import commands

NEW, DONE, REFUSED = "new", "done", "refused"


@dataclass(frozen=True)
class Command:
    """One command; times are unix seconds, `handled_at` None while the daemon has not seen it."""

    id: int
    target: str
    kind: str
    payload: dict[str, Any]
    status: str
    requested_by: str
    created_at: float
    handled_at: float | None


class CommandBook:
    """The commands of all daemons that share a database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def ask(self, target: str, kind: str, *, by: str, payload: dict[str, Any] | None = None) -> int:
        """Write a command for a daemon; its number."""
        row = {
            "target": target,
            "kind": kind,
            "payload": payload or {},
            "status": NEW,
            "requested_by": by,
            "created_at": self._clock.now_seconds(),
        }
        async with self._database.write() as connection:
            result = await connection.execute(insert(commands).values(row).returning(commands.c.id))
            return int(result.scalar_one())

    async def pending(self, target: str) -> list[Command]:
        """What a daemon has not handled yet, oldest first."""
        query = select(commands).where(commands.c.target == target, commands.c.status == NEW).order_by(commands.c.id)
        async with self._database.read() as connection:
            return [_command(row) for row in (await connection.execute(query)).all()]

    async def finish(self, command: Command, status: str = DONE, result: str = "") -> float:
        """Note that a command is handled; when, by the daemon's own clock."""
        now = self._clock.now_seconds()
        async with self._database.write() as connection:
            await connection.execute(
                update(commands)
                .where(commands.c.id == command.id, commands.c.status == NEW)
                .values(status=status, result=result, handled_at=now)
            )
        return now

    async def newest(self, target: str, kinds: Sequence[str], *, is_handled: bool = True) -> Command | None:
        """The last command of these kinds; with `is_handled` the last that the daemon has taken up."""
        query = select(commands).where(commands.c.target == target, commands.c.kind.in_(kinds))
        if is_handled:
            query = query.where(commands.c.status == DONE)
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(commands.c.id.desc()).limit(1))).first()
        return None if row is None else _command(row)


def _command(row: Row[Any]) -> Command:
    return Command(
        row.id, row.target, row.kind, row.payload, row.status, row.requested_by, row.created_at, row.handled_at
    )
