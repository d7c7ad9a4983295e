"""`aitbc down`: ask the supervisor of a home to stop, and make sure that nothing is left."""

from __future__ import annotations

from agents_offchain.cli.console import Console
from agents_offchain.cli.crew import crew_folders
from agents_offchain.cli.places import run_files
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.errors import StopFailed
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import end_leftovers, end_process
from agents_offchain.runtime.supervisor.process_lock import ProcessLock
from agents_offchain.runtime.supervisor.state_file import StateFile

PATIENCE_SECONDS = 45.0
"""Longer than every process's own time to stop, one after the other where they need each other."""


def run_down(settings: Settings, console: Console) -> int:
    """Exit code 0 when nothing runs any more.

    Raises:
        StopFailed: the supervisor does not end.
    """
    crews = _end_crews(settings)
    holder = HomeLock(run_files(settings)).holder()
    file = StateFile(run_files(settings))
    state = file.read()
    pid = int((holder or {}).get("pid") or 0)
    if pid and not end_process(pid, wait_seconds=PATIENCE_SECONDS):
        raise StopFailed(
            f"The supervisor (process {pid}) has not ended within {PATIENCE_SECONDS:.0f} s.",
            mend=f"End it by `kill -9 {pid}`, then run `aitbc down` again to clear what is left.",
            pid=pid,
        )
    ended = end_leftovers(state.processes) if state is not None else []
    if not pid:
        file.remove()
    _tell(console, pid, [*crews, *ended])
    return 0


def _end_crews(settings: Settings) -> list[str]:
    """Those who run beside the home first: they use what it serves."""
    ended = []
    for folder in crew_folders(settings):
        pid = int((ProcessLock(folder / "lock").holder() or {}).get("pid") or 0)
        if pid and end_process(pid, wait_seconds=PATIENCE_SECONDS):
            ended.append(folder.name)
        state = StateFile(folder).read()
        ended += end_leftovers(state.processes) if state is not None else []
    return ended


def _tell(console: Console, pid: int, ended: list[str]) -> None:
    if pid:
        console.line("Stopped; nothing is left running.")
    elif not ended:
        console.line("Nothing was running.")
    if ended:
        console.line(f"Ended what ran beside it, or was left by an earlier run: {', '.join(ended)}.")
    console.document({"was_running": bool(pid), "pid": pid or None, "leftovers_ended": ended})
