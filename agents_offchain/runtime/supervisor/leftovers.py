"""Processes that a dead supervisor left behind: recognised by pid, start time and program, then ended."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence

import psutil

from agents_offchain.runtime.supervisor.state_file import ProcessState

CREATED_TOLERANCE_SECONDS = 2.0
GRACE_SECONDS = 3.0
POLL_SECONDS = 0.05


def find_leftovers(processes: Sequence[ProcessState]) -> list[psutil.Process]:
    """Those of the recorded processes that still run, with everything they started.

    A pid that now belongs to somebody else is left alone: start time and program must match too.
    """
    found: list[psutil.Process] = []
    for record in processes:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(record.pid) if record.pid > 0 else None
            if process is not None and _is_same(process, record):
                found += [process, *process.children(recursive=True)]
    return found


def end_leftovers(processes: Sequence[ProcessState]) -> list[str]:
    """Stop what is left, politely first; the names of those that had to be ended."""
    found = find_leftovers(processes)
    pids = {process.pid for process in found}
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=GRACE_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return [record.name for record in processes if record.pid in pids]


def is_alive(record: ProcessState) -> bool:
    """Whether the recorded process, and not a namesake of its pid, still runs."""
    try:
        return record.pid > 0 and _is_same(psutil.Process(record.pid), record)
    except psutil.Error:
        return False


def end_process(pid: int, *, wait_seconds: float) -> bool:
    """SIGTERM to one process and wait for its end; False when it outlives `wait_seconds`.

    One that has ended and only waits to be collected by its parent counts as ended.
    """
    deadline = time.monotonic() + wait_seconds
    try:
        process = psutil.Process(pid)
        process.terminate()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
    except psutil.NoSuchProcess:
        pass
    return True


def _is_same(process: psutil.Process, record: ProcessState) -> bool:
    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    is_same_start = abs(process.create_time() - record.created_at) <= CREATED_TOLERANCE_SECONDS
    return is_same_start and str(process.exe()) == os.path.realpath(record.argv[0])
