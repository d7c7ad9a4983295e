"""How many jobs of each generation of the market can still move, by the read model."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import chain_heads, events, jobs


async def open_jobs(database: Database, chain_id: int) -> dict[int, int] | None:
    """Generation -> jobs that hold money, or may still be given some; None where nothing is indexed here.

    A job that nobody funded is over once its time has passed: the escrow takes no money for it any more.
    """
    async with database.read() as connection:
        head = (await connection.execute(select(chain_heads).where(chain_heads.c.chain_id == chain_id))).one_or_none()
        if head is None:
            return None
        is_waiting = and_(jobs.c.status == "open", jobs.c.expired_at > head.block_time)
        query = (
            select(jobs.c.generation, func.count().label("number"))
            .where(or_(jobs.c.status.in_(("funded", "submitted")), is_waiting))
            .group_by(jobs.c.generation)
        )
        return {row.generation: row.number for row in await connection.execute(query)}


async def last_event_block(database: Database, chain_id: int, generation: int) -> int:
    """The block of the newest event of a generation's contracts, 0 without one."""
    query = (
        select(events.c.block_number)
        .where(events.c.chain_id == chain_id, events.c.generation == generation)
        .order_by(events.c.block_number.desc())
        .limit(1)
    )
    async with database.read() as connection:
        return int((await connection.execute(query)).scalar_one_or_none() or 0)
