"""Bring a database to the newest schema, or say which one it has.

Forward only: tables are caches and queues, so going back means an older release and a rebuild.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from agents_offchain.primitives.errors import Fatal

_MIGRATIONS = Path(__file__).parent / "tables" / "migrations"


class SchemaUnknown(Fatal):
    """The database carries a revision that this release does not know."""


async def migrate(url: str) -> str:
    """Upgrade the database at `url` to the newest revision and return it. Idempotent.

    Raises:
        SchemaUnknown: the database was written by a newer release.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> str:
    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaUnknown(
            f"The database has revision {current}, this release knows up to {newest}.",
            mend="Start the release that wrote it, or point AITBC_DATABASE_URL at another database.",
        )
    if current != newest:
        command.upgrade(config, "head")
    return newest


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
