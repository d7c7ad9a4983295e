"""One supervisor per home, or per set of processes beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents_offchain.runtime.supervisor.errors import AlreadyRunning
from agents_offchain.runtime.supervisor.process_lock import ProcessLock


class HomeLock(ProcessLock):
    """An exclusive lock on `<run>/lock`; the file says who holds it and where the page is.

    Args:
        run: Folder of the home's run files.
    """

    def __init__(self, run: Path) -> None:
        super().__init__(run / "lock")

    def _refusal(self, holder: dict[str, Any]) -> AlreadyRunning:
        pid, page = holder.get("pid"), holder.get("page", "")
        where = f", its page is {page}" if page else " and is still starting"
        return AlreadyRunning(
            f"This home is already up: process {pid} runs it{where}.",
            mend="Stop it by `aitbc down`, or give this one another home by --home.",
            pid=pid,
            page=page,
        )
