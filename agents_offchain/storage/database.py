"""One database handle for SQLite and PostgreSQL: read transactions, write transactions, nothing else.

SQLite runs in WAL mode. A write transaction starts with BEGIN IMMEDIATE, so that two processes that
read before they write wait for each other instead of failing half-way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from agents_offchain.primitives.errors import Fatal, Retryable

BUSY_TIMEOUT_SECONDS = 15.0


class DatabaseUnavailable(Retryable):
    """The database cannot be reached, or stayed locked."""


class DatabaseDiskFull(Fatal):
    """The database's disk is full; nothing was half written."""


class Database:
    """Async access to the tables.

    Args:
        url: SQLAlchemy URL, `sqlite+aiosqlite:///...` or `postgresql+asyncpg://...`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _create_engine(url)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block and rolls back on any error."""
        async with self._transaction(is_write=True) as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent snapshot for reading."""
        async with self._transaction(is_write=False) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, *, is_write: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as plain:
                connection = await plain.execution_options(is_write=is_write)
                async with connection.begin():
                    yield connection
        except OperationalError as error:
            raise _translate(error) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseUnavailable("The database connection was lost.") from error
            raise
        except OSError as error:
            raise DatabaseUnavailable(f"The database cannot be reached: {error}.") from error

    async def close(self) -> None:
        await self._engine.dispose()


def _translate(error: OperationalError) -> Exception:
    text = str(error.orig)
    if "disk is full" in text:
        return DatabaseDiskFull("The disk that holds the database is full.", mend="Free space and start again.")
    return DatabaseUnavailable(f"The database did not answer: {text}.")


def _create_engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("is_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    return engine
