"""The temporary home of a demo: locked while it is lived in, removed afterwards, as is what killed demos left."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.process_lock import ProcessLock

PREFIX = "aitbc-demo-"
LOCK = "temporary.lock"
"""Only a folder with this file in it is ever removed, and only while nobody holds it."""


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """A new home that is gone afterwards, also when this process is killed: the next demo then removes it."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = ProcessLock(folder / LOCK)
    lock.acquire()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def sweep(root: Path) -> list[Path]:
    """Remove what killed demos of this user left behind; what was removed."""
    removed = []
    for folder in root.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            is_ours = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
            if is_ours and (folder / LOCK).is_file() and ProcessLock(folder / LOCK).holder() is None:
                shutil.rmtree(Settings(home=folder).run_dir, ignore_errors=True)
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed
