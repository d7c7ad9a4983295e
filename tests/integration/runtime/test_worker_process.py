"""A worker dies with the process that started it, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.integration
PARENT = """
import asyncio, sys
from pathlib import Path
from agents_offchain.runtime.workers import sandbox
from agents_offchain.runtime.workers.limits import WorkerLimits
sandbox.CHILD = "tests.fakes.worker_child"
asyncio.run(sandbox.run_skill("hang", {}, {}, {}, WorkerLimits(wall_seconds=300), Path(sys.argv[1])))
"""
PATIENCE_SECONDS = 30.0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_worker__when_its_parent_is_ended__ends_too(tmp_path: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], cwd=Path(__file__).parents[3])
    try:
        worker = _worker_of(parent, tmp_path)
        os.kill(parent.pid, number)
        parent.wait(timeout=PATIENCE_SECONDS)
        gone, alive = psutil.wait_procs([worker], timeout=PATIENCE_SECONDS)
        assert (len(gone), alive) == (1, [])
    finally:
        parent.kill()
        parent.wait()


def _worker_of(parent: subprocess.Popen[bytes], scratch: Path) -> psutil.Process:
    """The worker, once its skill has begun."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        children = psutil.Process(parent.pid).children()
        if children and list(scratch.glob("*/started")):
            return children[0]
        assert parent.poll() is None, "the parent ended by itself"
        time.sleep(0.02)
    raise AssertionError("the worker did not start")
