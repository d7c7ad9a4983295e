"""SQLite without a thread per connection, for tests that run a story hundreds of times.

The driver hands every statement to a thread of its own; here it runs where it is called. Only one
connection may write at a time, since one that waits for the lock blocks everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import delete

from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.metadata import metadata


class _Inline:
    """Stands for the driver's queue and for its thread."""

    daemon = True

    def put_nowait(self, entry: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = entry
        try:
            result = function()
        except Exception as error:
            if future is not None:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)

    def start(self) -> None:
        pass


@contextmanager
def inline_sqlite() -> Iterator[None]:
    """Within this block new connections use no thread."""
    original = aiosqlite.core.Connection.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._tx = self._thread = _Inline()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiosqlite.core.Connection, "__init__", init)
        yield


async def clear(database: Database) -> None:
    """Empty every table."""
    async with database.write() as connection:
        for table in metadata.tables.values():
            await connection.execute(delete(table))
