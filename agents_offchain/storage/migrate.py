"""Bring a database to the newest schema, or say which one it has.

Forward only: tables are caches and queues, so going back means an older release and a rebuild.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from agents_offchain.primitives.errors import Fatal

_UPGRADING: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""Alembic keeps what it does in its modules, so a process upgrades one database at a time."""
_MIGRATIONS = Path(__file__).parent / "tables" / "migrations"


class SchemaUnknown(Fatal):
    """The database carries a revision that this release does not know."""


class DatabaseUnreadable(Fatal):
    """What stands at the database's URL is not a database that answers."""


async def migrate(url: str, revision: str = "head") -> str:
    """Upgrade the database at `url` to a revision, the newest unless told, and return the newest. Idempotent.

    Raises:
        SchemaUnknown: the database was written by a newer release.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed)
    lock = _UPGRADING.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    try:
        async with lock, engine.begin() as connection:
            return await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


async def read_schema(url: str) -> tuple[str | None, str]:
    """(revision of the database, newest revision); None for a database without tables of ours.

    Raises:
        SchemaUnknown: the database was written by a newer release.
        DatabaseUnreadable: there is something else at `url`, or nothing that answers.
    """
    engine = create_async_engine(make_url(url))
    try:
        async with engine.connect() as connection:
            current, newest = await connection.run_sync(_revisions)
            return current, newest
    except (DBAPIError, OSError) as error:
        raise DatabaseUnreadable(
            f"The database cannot be read: {type(error).__name__}.",
            mend="Check AITBC_DATABASE_URL; an embedded database is made again from the chain once it is removed.",
        ) from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> str:
    current, newest = _revisions(connection)
    if current != newest:
        command.upgrade(_config(connection), revision)
    return newest


def _revisions(connection: Connection) -> tuple[str | None, str]:
    scripts = ScriptDirectory.from_config(_config(connection))
    newest = scripts.get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaUnknown(
            f"The database has revision {current}, this release knows up to {newest}.",
            mend="Start the release that wrote it, or point AITBC_DATABASE_URL at another database.",
        )
    return current, newest


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
