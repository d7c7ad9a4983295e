"""What daemons cost that have nothing to do: memory and CPU of an agent and an indexer started by the supervisor."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.bench.daemons.figures import Figure
from tests.faults.house import House

DAEMONS = ("agent", "indexer")


def measure(seconds: float) -> list[Figure]:
    return asyncio.run(_measure(seconds))


async def _measure(seconds: float) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="aitbc-b-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        house = House(Path(folder), is_forked=False)
        try:
            await house.open()
            for name in DAEMONS:
                house.start_daemon(name)
            await house.until(lambda: _have_started(house), "the daemons have started")
            await house.node.request("evm_setIntervalMining", 0)
            quiet = await _watch(house, seconds)
            await house.node.request("evm_setIntervalMining", 1)
            busy = await _watch(house, seconds)
        finally:
            await house.close()
    bare = _bare_memory()
    for name in DAEMONS:
        memory, share = quiet[name]
        beside = f"a bare Python has {bare:.0f} MiB"
        figures.append(Figure(f"idle {name}: memory", memory, "MiB", 130, reference=beside))
        figures.append(
            Figure(f"idle {name}: CPU", share, "%", 1, reference=f"{busy[name][1]:.2f} % at a block a second")
        )
    return figures


async def _have_started(house: House) -> bool:
    async with house.database.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT count(*) FROM cursors")).scalar_one()
    return int(rows) >= len(DAEMONS)


async def _watch(house: House, seconds: float) -> dict[str, tuple[float, float]]:
    """(MiB, percent of one core) by daemon, over a time in which nothing is asked of it."""
    watched = {name: psutil.Process(house.processes[name].pid) for name in DAEMONS}
    before = {name: sum(process.cpu_times()[:2]) for name, process in watched.items()}
    began = time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    return {
        name: (
            process.memory_info().rss / 2**20,
            (sum(process.cpu_times()[:2]) - before[name]) / passed * 100,
        )
        for name, process in watched.items()
    }


def _bare_memory() -> float:
    """MiB of a Python that has asyncio and nothing of ours."""
    code = "import asyncio, psutil; print(psutil.Process().memory_info().rss)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) / 2**20
