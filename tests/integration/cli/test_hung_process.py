"""A real process that stops to turn is ended and started again; one that is only quiet for a moment is left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agents_offchain.primitives.clock import SystemClock
from agents_offchain.runtime.health import HealthFile
from agents_offchain.runtime.supervisor.child import OsSpawner
from agents_offchain.runtime.supervisor.keeper import Keeper
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.probes import Asked, HealthFresh
from agents_offchain.runtime.supervisor.spec import ProcessSpec, RestartPolicy

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]
BEATING = """
import os, pathlib, sys, time
from agents_offchain.runtime.health import Health, HealthFile
while True:
    HealthFile(pathlib.Path(sys.argv[1]), "beating").write(Health("beating", os.getpid(), "running", time.time()))
    time.sleep(0.05)
"""


class Counted:
    """A probe that counts how often it said yes."""

    def __init__(self, probe: HealthFresh) -> None:
        self._probe = probe
        self.yes = 0

    async def is_ready(self, pid: int) -> bool:
        is_alive = await self._probe.is_ready(pid)
        self.yes += is_alive
        return is_alive


async def test_keeper__when_its_process_is_stopped_by_a_signal__ends_it_and_starts_another(tmp_path: Path) -> None:
    file, clock = HealthFile(tmp_path, "beating"), SystemClock()

    async def has_spoken(pid: int) -> bool:
        health = file.read()
        return health is not None and health.pid == pid

    alive = Counted(HealthFresh(file, 1.0, clock))
    spec = ProcessSpec(
        name="beating",
        argv=(sys.executable, "-c", BEATING, str(tmp_path)),
        ready=Asked(has_spoken),
        alive=alive,
        watch_seconds=0.3,
        restart=RestartPolicy(first_delay_seconds=0.05),
    )
    spawner = OsSpawner(lambda name: LogFile(tmp_path, name), dict(os.environ))
    details: list[str] = []
    keeper = Keeper(spec, spawner, clock, lambda state: details.append(state.detail))
    assert await keeper.start()
    first = keeper.state.pid
    await until(lambda: alive.yes >= 4)
    assert keeper.state.pid == first
    os.kill(first, signal.SIGSTOP)
    await until(lambda: keeper.state.state == "ready" and keeper.state.pid not in (0, first))
    assert keeper.state.restarts == 1
    assert any("no sign of life" in detail for detail in details)
    await keeper.stop()


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fact():
            await asyncio.sleep(0.05)
