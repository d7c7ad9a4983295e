"""Killing a process at every point where it meets the outside world.

Ports are wrapped so that each call has two boundaries, before and after it takes effect; a database
transaction has one before it commits and one after. A `Crash` counts the boundaries that are crossed and
ends the run at the one it was told. Running a story with 0, 1, 2, ... until it ends alive tries them all.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.storage.database import Database


class Killed(BaseException):
    """The process ends here; no handler of ours may see it."""


class Crash:
    """Counts boundaries and dies at number `at`; None never dies. What is dead crosses nothing any more."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.crossed = 0
        self.where = ""

    def cross(self, where: str) -> None:
        number, self.crossed = self.crossed, self.crossed + 1
        if number == self.at:
            self.where = where
        if self.has_died:
            raise Killed(self.where)

    @property
    def has_died(self) -> bool:
        return self.where != ""


class Mortal:
    """Any object whose coroutine methods may be the last thing that its user calls."""

    def __init__(self, target: Any, crash: Crash, name: str) -> None:
        self._target = target
        self._crash = crash
        self._name = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return self._wrap(value, f"{self._name}.{name}") if inspect.iscoroutinefunction(value) else value

    def _wrap(self, function: Callable[..., Awaitable[Any]], where: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._crash.cross(f"before {where}")
            result = await function(*args, **kwargs)
            self._crash.cross(f"after {where}")
            return result

        return call


class MortalDatabase(Database):
    """A database handle whose transactions may be the last."""

    def __init__(self, target: Database, crash: Crash) -> None:
        self.url = target.url
        self._engine = target._engine
        self._crash = crash

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with super().write() as connection:
            yield connection
            self._crash.cross("before commit")
        self._crash.cross("after commit")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with super().read() as connection:
            yield connection
        self._crash.cross("after read")
