"""One database handle for SQLite and PostgreSQL: read transactions, write transactions, nothing else.

Both behave the same. One write transaction runs at a time, so that two processes that read before they write wait for
each other instead of losing an update or failing half-way: SQLite (in WAL mode) starts it with BEGIN IMMEDIATE,
PostgreSQL with an advisory lock. A read transaction sees one snapshot and waits for nobody.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from agents_offchain.primitives.errors import Fatal, Retryable

BUSY_TIMEOUT_SECONDS = 15.0
CACHE_KIB = 8_192
"""Of pages that SQLite may keep for a connection; keys are hashes, so a long sync touches all of its index."""
WRITERS_LOCK = 0x61697462
"""Key of the advisory lock that PostgreSQL's writers take."""
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_DISK_FULL = "53100"
_PASSING = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that pass: connection, rollback, resources, lock not available, operator intervention."""


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
                snapshot = {} if is_write or self._engine.dialect.name == "sqlite" else _SNAPSHOT
                connection = await plain.execution_options(is_write=is_write, **snapshot)
                async with connection.begin():
                    yield connection
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseUnavailable("The database connection was lost.") from error
            if (translated := _translate(error)) is not None:
                raise translated from error
            raise
        except OSError as error:
            raise DatabaseUnavailable(f"The database cannot be reached: {error}.") from error

    async def close(self) -> None:
        await self._engine.dispose()


def _translate(error: DBAPIError) -> Exception | None:
    """Ours for what passes and for a full disk; None for what is a fault of the caller."""
    text, state = str(error.orig), str(getattr(error.orig, "sqlstate", "") or "")
    if "disk is full" in text or state == _DISK_FULL:
        return DatabaseDiskFull("The disk that holds the database is full.", mend="Free space and start again.")
    if isinstance(error, OperationalError) or state.startswith(_PASSING):
        return DatabaseUnavailable(f"The database did not answer: {text}.")
    return None


def _to_json(value: Any) -> str:
    """JSON text. Integers of more than 64 bits, which the quick writer refuses, are the standard library's."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value)


_JSON: dict[str, Any] = {"json_serializer": _to_json, "json_deserializer": orjson.loads}


def _create_postgres_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, pool_pre_ping=True, **_JSON)
    wait_ms = int(BUSY_TIMEOUT_SECONDS * 1_000)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("is_write", False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    return engine


def _create_engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _create_postgres_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, **_JSON)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("is_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    return engine
