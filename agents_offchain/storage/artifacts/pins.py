"""Which files are to be kept: one empty file per pinned CID, so that a pin is one atomic step on disk."""

from __future__ import annotations

import os
from pathlib import Path

from agents_offchain.storage.artifacts.blocks import disk_errors, sync_folder
from agents_offchain.storage.artifacts.cid import Cid


class PinBoard:
    """The pinned roots of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with disk_errors():
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, root: Cid) -> None:
        """Pin durably; pinning twice is pinning once. Raises StoreFull, StoreUnavailable."""
        path = self.folder / str(root)
        if path.exists():
            return
        with disk_errors():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
            sync_folder(self.folder)

    def remove(self, root: Cid) -> bool:
        """Unpin; False when it was not pinned. The blocks stay."""
        try:
            (self.folder / str(root)).unlink()
        except FileNotFoundError:
            return False
        return True

    def listed(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())
