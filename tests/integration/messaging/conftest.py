"""A real embedded Valkey in a short private folder, which a test may kill and start again."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents_offchain.messaging.embedded.valkey import ValkeySpec, wait_ready


class EmbeddedValkey:
    """One server and its process."""

    def __init__(self, folder: Path) -> None:
        self.spec = ValkeySpec(directory=folder / "data", socket=folder / "v.sock")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self.spec.prepare()
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.argv(), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await wait_ready(self.spec.url)

    async def kill(self) -> None:
        """SIGKILL: nothing is flushed, nothing is said."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None


@pytest.fixture
async def valkey() -> AsyncIterator[EmbeddedValkey]:
    folder = Path(tempfile.mkdtemp(prefix="aitbc-v-"))
    server = EmbeddedValkey(folder)
    await server.start()
    yield server
    await server.kill()
    shutil.rmtree(folder, ignore_errors=True)
