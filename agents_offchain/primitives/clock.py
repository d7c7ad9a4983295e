"""Time as a parameter: the real clock and one that a test moves by hand."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where seconds come from and how one waits."""

    def now_seconds(self) -> float:
        """Unix time in seconds."""
        ...

    async def sleep(self, seconds: float) -> None: ...


def has_passed(seconds: float, *, since: float, now: float) -> bool:
    """Whether so long has passed; also when the clock was put back behind `since`, so that nobody waits for a jump."""
    return now < since or now - since >= seconds


class SystemClock:
    """The machine's clock."""

    def now_seconds(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until somebody advances it; sleeping advances it too."""

    def __init__(self, start_seconds: float = 1_700_000_000.0) -> None:
        self._now = start_seconds

    def now_seconds(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)
