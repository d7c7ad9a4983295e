"""A PostgreSQL server that has no room left: its own error 53100 for every row that somebody wants to write.

A test may neither mount a small disk nor fill the machine's. So triggers of the server raise what it raises by itself
when a file cannot grow, with the same SQLSTATE and over the same wire; what it does with a disk is not tried.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.storage.database import Database

_RAISE = """CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION 'could not extend file "base/1/1": No space left on device' USING ERRCODE = 'disk_full';
END $$"""
_FULL = """CREATE TRIGGER disk_is_full BEFORE INSERT OR UPDATE ON "{table}"
FOR EACH STATEMENT EXECUTE FUNCTION disk_is_full()"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


async def fill(database: Database) -> None:
    """From now on nobody writes a row."""
    async with database.write() as connection:
        await connection.execute(text(_RAISE))
        for table in await _tables(connection):
            await connection.execute(text(_FULL.format(table=table)))


async def make_room(database: Database) -> None:
    """Everybody writes again."""
    async with database.write() as connection:
        await connection.execute(text("DROP FUNCTION disk_is_full CASCADE"))


async def _tables(connection: AsyncConnection) -> list[str]:
    return [str(name) for (name,) in (await connection.execute(text(_TABLES))).all()]
