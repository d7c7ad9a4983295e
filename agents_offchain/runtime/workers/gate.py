"""Lets as many runs through as the pace allows, and measures them for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from agents_offchain.runtime.workers.limits import ScratchUnavailable, WorkerDied, WorkerLimits
from agents_offchain.runtime.workers.pace import Pace
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.runtime.workers.sandbox import WorkerResult

Seconds = Callable[[], float]


class ArtifactReader(Protocol):
    """What is measured of the artifact store."""

    async def get(self, cid: str, max_bytes: int) -> bytes: ...

    async def put(self, data: bytes) -> str: ...


class PacedSkills:
    """A skill runner in front of which runs wait for their turn."""

    def __init__(self, run_skill: SkillRunner, pace: Pace, seconds: Seconds = time.monotonic) -> None:
        self._run_skill = run_skill
        self._pace = pace
        self._seconds = seconds
        self._running = 0
        self._freed = asyncio.Condition()

    async def __call__(
        self, service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
    ) -> WorkerResult:
        async with self._turn():
            was_full = self._running >= self._pace.workers
            began = self._seconds()
            try:
                result = await self._run_skill(service, request, inputs, limits)
            except (WorkerDied, ScratchUnavailable):
                self._pace.failed()
                raise
            self._pace.finished(self._seconds() - began, was_full=was_full)
            return result

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with self._freed:
            await self._freed.wait_for(lambda: self._running < self._pace.workers)
            self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            async with self._freed:
                self._freed.notify_all()


class MeasuredArtifacts:
    """An artifact store whose readings tell the pace how long an input takes."""

    def __init__(self, store: ArtifactReader, pace: Pace, seconds: Seconds = time.monotonic) -> None:
        self._store = store
        self._pace = pace
        self._seconds = seconds

    async def get(self, cid: str, max_bytes: int) -> bytes:
        began = self._seconds()
        data = await self._store.get(cid, max_bytes)
        self._pace.fetched(self._seconds() - began)
        return data

    async def put(self, data: bytes) -> str:
        return await self._store.put(data)
