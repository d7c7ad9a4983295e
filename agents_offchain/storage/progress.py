"""What daemons say while they work, for people who wait."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.storage.tables.journal import progress


async def record_progress(
    connection: AsyncConnection, job_key: str, stage: str, detail: str, *, source: str, at: float
) -> None:
    """Add one line; `stage` is a short word, `detail` a sentence, `at` unix seconds."""
    await connection.execute(
        insert(progress).values(job_key=job_key, stage=stage[:40], detail=detail[:2000], source=source, at=at)
    )
