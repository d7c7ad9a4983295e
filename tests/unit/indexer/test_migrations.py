"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Table, text

from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import SchemaUnknown, migrate
from agents_offchain.storage.tables.metadata import metadata
from tests.fakes.postgres import PostgresServer

pytestmark = pytest.mark.unit
KEYED = ("policies", "jobs", "verdicts", "disputes")
GENERATED = (*KEYED, "agent_listings", "events", "marketplace_transactions", "changes")


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


@pytest.fixture
def server(request: pytest.FixtureRequest) -> PostgresServer | None:
    """The tests' PostgreSQL where they are run on it."""
    is_asked = os.environ.get("AITBC_TEST_DATABASE") == "postgresql"
    return request.getfixturevalue("postgres") if is_asked else None


async def test_migrate__of_rows_before_generations__puts_them_all_in_the_first(
    server: PostgresServer | None, tmp_path: Path
) -> None:
    url = await server.new_empty_database() if server else f"sqlite+aiosqlite:///{tmp_path / 'first.db'}"
    await migrate(url, "0013")
    database = Database(url)
    async with database.write() as connection:
        for table in GENERATED:
            await connection.run_sync(_fill, table, 2)
    await migrate(url)
    async with database.write() as connection:
        for table in GENERATED:
            found = await connection.execute(text(f"select generation, count(*) from {table} group by generation"))
            assert [tuple(row) for row in found] == [(1, 2)], table
        for table in KEYED:
            await connection.execute(text(f"update {table} set generation = 2"))
            await connection.run_sync(_fill, table, 2)
        counted = await connection.execute(text("select generation, count(*) from jobs group by generation order by 1"))
        assert [tuple(row) for row in counted] == [(1, 2), (2, 2)], "one number stands for a job of each generation"
        assert await connection.run_sync(_differences) == []
    await database.close()


def _fill(connection: Connection, name: str, rows: int) -> None:
    """Rows of a table as the database has it now: every column that must have a value gets one of its kind."""
    table = Table(name, MetaData(), autoload_with=connection)
    for number in range(1, rows + 1):
        needed = [column for column in table.columns if not column.nullable and column.server_default is None]
        connection.execute(table.insert().values({column.name: _value(column, number) for column in needed}))


def _value(column: Column[Any], number: int) -> object:
    kind = column.type.python_type
    return {bytes: bytes([number]), str: str(number), bool: False, dict: {}}.get(kind, number)
