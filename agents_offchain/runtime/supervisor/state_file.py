"""What a supervisor says of its processes on disk: read by `status`, and by the next start to find leftovers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ProcessState:
    """One process as its supervisor knows it.

    Attributes:
        state: waiting, starting, ready, backoff, failed, stopping or stopped.
        pid: 0 when there is no process; `created_at` (unix seconds) makes it unambiguous.
        argv: What was started, to recognise it by.
        since: Unix time of the last change of state.
        restarts: How often it was started again since the supervisor came up.
    """

    name: str
    state: str
    pid: int = 0
    created_at: float = 0.0
    argv: tuple[str, ...] = ()
    since: float = 0.0
    restarts: int = 0
    detail: str = ""


@dataclass(frozen=True)
class SupervisorState:
    """A whole home: the supervisor's pid, where things answer, and the processes in start order."""

    pid: int
    started_at: float
    processes: tuple[ProcessState, ...] = ()
    endpoints: dict[str, str] = field(default_factory=dict)


class StateFile:
    """`<run>/state.json`, replaced as a whole at each change."""

    def __init__(self, run: Path) -> None:
        self.path = run / "state.json"

    def write(self, state: SupervisorState) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(state), indent=1))
        os.replace(draft, self.path)

    def read(self) -> SupervisorState | None:
        """The last state written; None when there is none or it is unreadable."""
        try:
            return _parse(json.loads(self.path.read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _parse(document: dict[str, Any]) -> SupervisorState:
    processes = tuple(ProcessState(**{**row, "argv": tuple(row["argv"])}) for row in document["processes"])
    return SupervisorState(
        pid=int(document["pid"]),
        started_at=float(document["started_at"]),
        processes=processes,
        endpoints=dict(document["endpoints"]),
    )
