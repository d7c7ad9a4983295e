"""Insert-or-update and insert-or-ignore, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import LargeBinary, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

_IGNORE, _REPLACE = "ignore", "replace"
_Bind = tuple[int, Callable[[Any], Any]]


async def upsert(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> None:
    """Write a row; one with the same primary key is overwritten in the columns given."""
    statement = _insert(connection, table).values(**row)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in row if name not in keys}
    if changes:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    await connection.execute(statement)


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write the rows whose keys are not there yet; how many were written."""
    written = 0
    for row in rows:
        result = await connection.execute(_insert(connection, table).values(**row).on_conflict_do_nothing())
        written += max(result.rowcount, 0)
    return written


async def insert_many(connection: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Write the rows whose keys are not there yet, each with all columns in their order; in one go and uncounted."""
    await _write(connection, table, rows, _IGNORE)


async def upsert_many(connection: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows over those with the same primary key, each with all columns in their order, in one go."""
    await _write(connection, table, rows, _REPLACE)


async def _write(connection: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]], on_conflict: str) -> None:
    """Hand the rows to the driver as it takes them; the statement's compiler is asked once and not for each."""
    if not rows:
        return
    text, binds = _bulk(connection.dialect, table, on_conflict)
    values = []
    for row in rows:
        bound = list(row)
        for index, bind in binds:
            bound[index] = bind(bound[index])
        values.append(tuple(bound))
    await connection.exec_driver_sql(text, values)


@lru_cache(maxsize=256)
def _bulk(dialect: Dialect, table: Table, on_conflict: str) -> tuple[str, list[_Bind]]:
    """The statement, and what the values of some columns go through on their way to the driver.

    Bytes go as they are: both drivers take them.
    """
    statement, names = _dialect_insert(dialect, table), [column.name for column in table.columns]
    if on_conflict == _IGNORE:
        statement = statement.on_conflict_do_nothing()
    else:
        keys = [column.name for column in table.primary_key]
        changes = {name: statement.excluded[name] for name in names if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changes)
    compiled = statement.compile(dialect=dialect, column_keys=names)
    assert compiled.positiontup == names, "columns are bound in their order"
    binds: list[_Bind] = []
    for index, column in enumerate(table.c):
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        if bind is not None and not isinstance(column.type, LargeBinary):
            binds.append((index, bind))
    return str(compiled), binds


def _insert(connection: AsyncConnection, table: Table) -> Any:
    return _dialect_insert(connection.dialect, table)


def _dialect_insert(dialect: Dialect, table: Table) -> Any:
    return (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
