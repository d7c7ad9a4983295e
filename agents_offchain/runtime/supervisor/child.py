"""One operating-system process of ours: started in a session of its own, ended with everything it started.

The kernel is told to signal the child when the supervisor dies (PR_SET_PDEATHSIG), so that even SIGKILL
of the supervisor leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Protocol

import psutil

from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.spec import ProcessSpec

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Child(Protocol):
    """A started process."""

    @property
    def pid(self) -> int: ...

    @property
    def created_at(self) -> float:
        """When the kernel started it, unix seconds; with the pid it names a process for good."""
        ...

    async def wait(self) -> int:
        """The exit code; negative for a signal."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Signal the process; one that is gone is no error."""
        ...

    def kill_all(self) -> None:
        """SIGKILL for the process and everything it started."""
        ...


class Spawner(Protocol):
    """How processes come to be; a test has its own."""

    async def spawn(self, spec: ProcessSpec) -> Child: ...


class OsChild:
    """A `Child` of the real system."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._descendants: list[psutil.Process] = []
        self._created_at = 0.0
        with contextlib.suppress(psutil.NoSuchProcess):
            self._created_at = float(psutil.Process(process.pid).create_time())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def created_at(self) -> float:
        return self._created_at

    async def wait(self) -> int:
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        self._remember_descendants()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill_all(self) -> None:
        self._remember_descendants()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        for process in self._descendants:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def _remember_descendants(self) -> None:
        """Note who belongs to the child while it can still be asked; a dead parent has no children."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._descendants += psutil.Process(self.pid).children(recursive=True)


class OsSpawner:
    """Starts real processes with their output in log files.

    Args:
        log_of: The log file of a process by name.
        environment: What every process gets; a spec's own entries win.
    """

    def __init__(self, log_of: Callable[[str], LogFile], environment: dict[str, str]) -> None:
        self._log_of = log_of
        self._environment = environment

    async def spawn(self, spec: ProcessSpec) -> OsChild:
        output = self._log_of(spec.name).open_for_append()
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**self._environment, **spec.environment},
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid(), spec.death_signal),
            )
        finally:
            os.close(output)
        return OsChild(process)


def _die_with_parent(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """What the child does between fork and exec: one system call, and a look whether it came too late."""
    libc = _libc
    if libc is None:
        return None

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
