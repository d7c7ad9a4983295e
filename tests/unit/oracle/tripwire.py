"""Kill a daemon at its n-th contact with the outside: before the effect, or just after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any


class Killed(BaseException):
    """SIGKILL; no handler in the product catches it."""


class Tripwire:
    """Counts crossings; the one numbered `at` kills."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.crossed = 0

    @property
    def has_tripped(self) -> bool:
        return self.crossed >= self.at

    def cross(self) -> None:
        self.crossed += 1
        if self.crossed == self.at:
            raise Killed

    def around(self, port: Any, *names: str) -> Any:
        """The port with wires before and after the named coroutine methods."""
        return _Wired(port, names, self)

    def around_function(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wired(*args: Any, **kwargs: Any) -> Any:
            self.cross()
            answer = await function(*args, **kwargs)
            self.cross()
            return answer

        return wired

    def around_database(self, database: Any) -> Any:
        """Wires at the begin, just before the commit, and just after the commit of each write."""
        return _WiredDatabase(database, self)


class _Wired:
    def __init__(self, port: Any, names: tuple[str, ...], wire: Tripwire) -> None:
        self._port, self._names, self._wire = port, names, wire

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._wire.around_function(found) if name in self._names else found


class _WiredDatabase:
    def __init__(self, database: Any, wire: Tripwire) -> None:
        self._database, self._wire = database, wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        self._wire.cross()
        async with self._database.write() as connection:
            yield connection
            self._wire.cross()
        self._wire.cross()
