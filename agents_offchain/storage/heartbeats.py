"""Signs of life: what each process last said of itself."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlalchemy import select

from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import heartbeats
from agents_offchain.storage.upsert import upsert


@dataclass(frozen=True)
class Heartbeat:
    """State is one of starting, running, waiting (retrying), stopping, stopped, failed."""

    process: str
    pid: int
    state: str
    block_number: int
    backlog: int
    detail: str
    started_at: float
    at: float


async def beat(
    database: Database,
    process: str,
    state: str,
    *,
    at: float,
    started_at: float,
    block_number: int = 0,
    backlog: int = 0,
    detail: str = "",
) -> None:
    """Write this process's sign of life."""
    async with database.write() as connection:
        await upsert(
            connection,
            heartbeats,
            {
                "process": process,
                "pid": os.getpid(),
                "state": state,
                "block_number": block_number,
                "backlog": backlog,
                "detail": detail[:2000],
                "started_at": started_at,
                "at": at,
            },
        )


async def list_heartbeats(database: Database) -> list[Heartbeat]:
    """The last sign of each process, by name."""
    async with database.read() as connection:
        rows = (await connection.execute(select(heartbeats).order_by(heartbeats.c.process))).all()
    return [Heartbeat(r.process, r.pid, r.state, r.block_number, r.backlog, r.detail, r.started_at, r.at) for r in rows]
