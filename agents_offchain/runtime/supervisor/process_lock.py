"""A lock that one process of this machine holds, and that the kernel drops when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from agents_offchain.runtime.supervisor.errors import AlreadyRunning

_TRIES = 5
_PAUSE_SECONDS = 0.02


class ProcessLock:
    """An exclusive lock on a file; the file says who holds it.

    Args:
        file: Made when absent, never removed: a lock on a removed file would lock nothing.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this very object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock for this process.

        Raises:
            AlreadyRunning: another process has it; what it wrote about itself is in the fields.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _lock(descriptor):
            os.close(descriptor)
            raise self._refusal(self._read())
        self._descriptor = descriptor
        self.describe({"pid": os.getpid()})

    def require_free(self) -> None:
        """Raises AlreadyRunning while another process has the lock."""
        holder = self.holder()
        if holder is not None:
            raise self._refusal(holder)

    def describe(self, holder: dict[str, Any]) -> None:
        """Write who holds the lock; only the holder may."""
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(holder).encode(), 0)

    def release(self) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> dict[str, Any] | None:
        """What the present holder wrote; None when nobody holds the lock."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._read()
        finally:
            os.close(descriptor)
        return None

    def _read(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self._path.read_text())
            if isinstance(content, dict):
                return content
        return {}

    def _refusal(self, holder: dict[str, Any]) -> AlreadyRunning:
        """The error of somebody who comes second."""
        raise NotImplementedError


class DaemonLock(ProcessLock):
    """One process per daemon of a home: `<run>/daemons/<name>.lock`.

    Args:
        run: Folder of the home's run files.
        name: The daemon's, under which it keeps its rows.
        title: Whose duty it is, for the sentence of a refusal.
    """

    def __init__(self, run: Path, name: str, title: str) -> None:
        super().__init__(run / "daemons" / f"{name}.lock")
        self._title = title

    def _refusal(self, holder: dict[str, Any]) -> AlreadyRunning:
        pid = holder.get("pid")
        return AlreadyRunning(
            f"{self._title} is already run by process {pid}.",
            mend="Stop that one first, or give the second a profile with a key of its own (`aitbc agent new`).",
            pid=pid,
        )


class CrewLock(ProcessLock):
    """One supervisor per set of processes beside a home that is up: `<folder>/lock`."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder / "lock")
        self._name = name

    def _refusal(self, holder: dict[str, Any]) -> AlreadyRunning:
        pid = holder.get("pid")
        return AlreadyRunning(
            f"{self._name} is already run by process {pid}.",
            mend="Stop that one first: Ctrl-C there, or `aitbc down`.",
            pid=pid,
        )


def _lock(descriptor: int) -> bool:
    """Try for the lock; more than once, as somebody may be looking who holds it for a moment."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False
