"""One supervisor per home: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from agents_offchain.runtime.supervisor.errors import AlreadyRunning

_TRIES = 5
_PAUSE_SECONDS = 0.02


class HomeLock:
    """An exclusive lock on `<run>/lock`; the file says who holds it and where the page is.

    Args:
        run: Folder of the home's run files.
    """

    def __init__(self, run: Path) -> None:
        self._path = run / "lock"
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this very object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock for this process.

        Raises:
            AlreadyRunning: another process has it; its pid and page are in the fields.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _lock(descriptor):
            os.close(descriptor)
            raise self._already_running()
        self._descriptor = descriptor
        self.describe({"pid": os.getpid()})

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
        try:
            content = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _already_running(self) -> AlreadyRunning:
        holder = self._read()
        pid, page = holder.get("pid"), holder.get("page", "")
        where = f", its page is {page}" if page else " and is still starting"
        return AlreadyRunning(
            f"This home is already up: process {pid} runs it{where}.",
            mend="Stop it by `aitbc down`, or give this one another home by --home.",
            pid=pid,
            page=page,
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
