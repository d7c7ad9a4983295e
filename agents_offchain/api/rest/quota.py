"""How much one client address has stored in the last hour."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, update

from agents_offchain.api.rest.deps import HOUR_SECONDS, ApiLimits
from agents_offchain.api.rest.errors import QuotaSpent
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import uploads


class UploadQuota:
    """A place is taken before bytes are stored, so that uploads at the same time cannot pass together."""

    def __init__(self, database: Database, limits: ApiLimits, clock: Clock) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock

    async def reserve(self, client: str, size_bytes: int) -> int:
        """Take a place for so many bytes; its number.

        Raises:
            QuotaSpent: the address has stored as much as it may within an hour.
        """
        now = self._clock.now_seconds()
        recent = (uploads.c.client == client) & (uploads.c.at > now - HOUR_SECONDS)
        spent = select(func.count(), func.coalesce(func.sum(uploads.c.size_bytes), 0), func.min(uploads.c.at)).where(
            recent
        )
        async with self._database.write() as connection:
            await connection.execute(delete(uploads).where(uploads.c.at <= now - HOUR_SECONDS))
            count, size, oldest = (await connection.execute(spent)).one()
            is_full = count >= self._limits.uploads_per_hour
            if is_full or int(size) + size_bytes > self._limits.upload_bytes_per_hour:
                wait_seconds = (oldest or now) + HOUR_SECONDS - now
                raise QuotaSpent(
                    "This address has stored as much as it may within an hour.",
                    mend=f"Wait {max(1, round(wait_seconds / 60))} minutes.",
                    retry_after_seconds=wait_seconds,
                )
            result = await connection.execute(
                insert(uploads)
                .values(client=client[:120], cid="", size_bytes=size_bytes, at=now)
                .returning(uploads.c.id)
            )
            return int(result.scalar_one())

    async def keep(self, place: int, cid: str) -> None:
        """Say what was stored."""
        async with self._database.write() as connection:
            await connection.execute(update(uploads).where(uploads.c.id == place).values(cid=cid))

    async def release(self, place: int) -> None:
        """Give a place back: nothing was stored."""
        async with self._database.write() as connection:
            await connection.execute(delete(uploads).where(uploads.c.id == place))
