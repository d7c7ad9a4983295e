"""A daemon's health as a file: for probes that must not depend on a database, and for a supervisor that watches.

In: what the loop says of itself, at most every two seconds. Out: `<folder>/<name>.json`, replaced as a whole. Live
means that the loop turns; ready that it also does its work. A daemon that waits out an outage is live and not ready.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

LIVE_STATES = frozenset({"starting", "running", "waiting"})


@dataclass(frozen=True)
class Health:
    """The last word of a daemon; `at` unix seconds."""

    name: str
    pid: int
    state: str
    at: float
    block_number: int = 0
    backlog: int = 0
    detail: str = ""

    def is_live(self, now: float, limit_seconds: float) -> bool:
        return self.state in LIVE_STATES and now - self.at <= limit_seconds

    def is_ready(self, now: float, limit_seconds: float) -> bool:
        return self.state == "running" and now - self.at <= limit_seconds


class HealthFile:
    """The file of one daemon."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.json"

    def write(self, health: Health) -> None:
        """Replace the last word; a disk that refuses is not the daemon's end."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(".new")
            draft.write_text(json.dumps(asdict(health)))
            os.replace(draft, self.path)

    def read(self) -> Health | None:
        """The last word; None when there is none that can be read."""
        try:
            return Health(**json.loads(self.path.read_text()))
        except (OSError, ValueError, TypeError):
            return None
