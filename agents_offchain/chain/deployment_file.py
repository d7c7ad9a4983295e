"""`deployment.json` on disk, and the note beside it while a deployment is under way.

A document is replaced as a whole. Until it names a market, the note says before which block that market's first
contract was made, so that a deployment that died half-way does not forget what its first run made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class DeploymentNote:
    """From which block on a market under way has events, by `chain_id:escrow`.

    Args:
        document: Where the market's `deployment.json` goes; the note stands beside it.
        newest_block: Reads the node's newest block number.
    """

    def __init__(self, document: Path, newest_block: Callable[[], int]) -> None:
        self._path = _note_beside(document)
        self._newest_block = newest_block

    def kept(self, market: str) -> int | None:
        """What an earlier run noted."""
        block = self._read().get(market)
        return block if isinstance(block, int) else None

    def begin(self, market: str) -> int:
        """The block that is newest now, noted before anything is sent."""
        block = self._newest_block()
        _write(self._path, self._read() | {market: block})
        return block

    def _read(self) -> dict[str, Any]:
        try:
            noted = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}


def save_deployment(path: Path, document: Mapping[str, Any]) -> None:
    """Write the document of a market; nothing is under way any more."""
    _write(path, document)
    _note_beside(path).unlink(missing_ok=True)


def forget_deployment(path: Path) -> None:
    """Remove a document and its note: their chain is gone."""
    for leftover in (path, _note_beside(path)):
        leftover.unlink(missing_ok=True)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a JSON document; whoever dies or loses power on the way leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _note_beside(document: Path) -> Path:
    return document.with_name(f"{document.stem}.begun.json")
