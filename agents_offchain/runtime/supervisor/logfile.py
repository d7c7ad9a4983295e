"""One log file per process, capped in size: the child writes, the supervisor rotates, people read the end.

The child appends to the file by itself, so that nothing it says is lost when the supervisor dies. Rotation
copies and truncates; what is written in between the two may be lost, which a log can bear.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

CAP_BYTES = 8 << 20
_TAIL_BYTES = 256 << 10


class LogFile:
    """`<folder>/<name>.log`, with one older generation beside it as `<name>.log.1`."""

    def __init__(self, folder: Path, name: str, cap_bytes: int = CAP_BYTES) -> None:
        self.path = folder / f"{name}.log"
        self._cap_bytes = cap_bytes

    def open_for_append(self) -> int:
        """A file descriptor for a child's output; readable by the owner alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rotate_if_large()
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def rotate_if_large(self) -> bool:
        """Move the content aside once it has passed the cap; True when it did."""
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_size > self._cap_bytes:
                shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
                os.truncate(self.path, 0)
                return True
        return False

    def tail(self, lines: int) -> list[str]:
        """The last lines, oldest first; empty when there is no log."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL_BYTES))
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return text.splitlines()[-lines:] if lines > 0 else []
