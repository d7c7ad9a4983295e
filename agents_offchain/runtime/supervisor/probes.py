"""Ways to see that a process serves: its socket accepts, its page answers, its heartbeat is in the table."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from agents_offchain.primitives.clock import Clock
from agents_offchain.runtime.health import HealthFile
from agents_offchain.storage.database import Database, DatabaseUnavailable
from agents_offchain.storage.heartbeats import list_heartbeats

ANSWER_SECONDS = 2.0
SERVING = frozenset({"running", "waiting"})


@dataclass(frozen=True)
class SocketAccepts:
    """A unix socket can be connected to."""

    path: Path

    async def is_ready(self, pid: int) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self.path))
        except OSError:
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True


@dataclass(frozen=True)
class HttpAnswers:
    """A URL answers with a 2xx; `method` is POST where the server takes nothing else."""

    url: str
    method: str = "GET"

    async def is_ready(self, pid: int) -> bool:
        try:
            async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
                response = await client.request(self.method, self.url)
        except httpx.HTTPError:
            return False
        return response.is_success


@dataclass(frozen=True)
class HeartbeatSeen:
    """The process's own row in the heartbeat table says that it runs.

    Attributes:
        process: The name under which it beats.
    """

    process: str
    database: Database

    async def is_ready(self, pid: int) -> bool:
        try:
            beats = await list_heartbeats(self.database)
        except DatabaseUnavailable:
            return False
        return any(b.process == self.process and b.pid == pid and b.state in SERVING for b in beats)


@dataclass(frozen=True)
class HealthFresh:
    """The process's own health file is not older than `limit_seconds`; without a word of it nothing is known."""

    file: HealthFile
    limit_seconds: float
    clock: Clock

    async def is_ready(self, pid: int) -> bool:
        health = self.file.read()
        if health is None or health.pid != pid:
            return True
        return abs(self.clock.now_seconds() - health.at) <= self.limit_seconds  # a clock may be put back


@dataclass(frozen=True)
class Asked:
    """Ready when a function says so; for checks that belong to one process alone."""

    ask: Callable[[int], Awaitable[bool]]

    async def is_ready(self, pid: int) -> bool:
        return await self.ask(pid)
