"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import SchemaUnknown, migrate
from agents_offchain.storage.tables.metadata import metadata

pytestmark = pytest.mark.unit


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_migrated_schema__compared_with_the_declared_tables__has_no_difference(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'schema.db'}"
    await migrate(url)
    database = Database(url)
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []
    await database.close()


async def test_migrate__run_twice__stays_at_the_newest_revision(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'twice.db'}"
    assert await migrate(url) == await migrate(url)


async def test_migrate__of_several_databases_at_once__makes_each(tmp_path: Path) -> None:
    urls = [f"sqlite+aiosqlite:///{tmp_path / f'{number}.db'}" for number in range(3)]
    assert len(set(await asyncio.gather(*(migrate(url) for url in urls)))) == 1


async def test_migrate__where_events_were_kept_by_transaction__keeps_them_all(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'kept.db'}"
    await migrate(url, "0012")
    kept = [(31337, b"a" * 32, 1, 7), (31337, b"b" * 32, 0, 7), (31337, b"c" * 32, 0, 6)]
    place = "chain_id, tx_hash, log_index, block_number"
    rest = "block_hash, block_time, contract, address, name, args"
    database = Database(url)
    async with database.write() as connection:
        for row in kept:
            written = (
                f"insert into events ({place}, {rest}) values (?, ?, ?, ?, x'00', 1, 'Shop', x'00', 'Opened', '{{}}')"
            )
            await connection.exec_driver_sql(written, row)
    await migrate(url)
    async with database.read() as connection:
        found = await connection.execute(text(f"select {place} from events order by block_number, log_index"))
        assert [tuple(row) for row in found] == [kept[2], kept[1], kept[0]]
    await database.close()


async def test_migrate__on_a_database_of_a_newer_release__refuses(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'newer.db'}"
    await migrate(url)
    database = Database(url)
    async with database.write() as connection:
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    await database.close()
    with pytest.raises(SchemaUnknown):
        await migrate(url)
