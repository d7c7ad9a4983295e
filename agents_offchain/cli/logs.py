"""`aitbc logs`: the ends of the processes' logs, and what is added to them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from agents_offchain.cli.console import Console
from agents_offchain.cli.places import log_folder
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.logfile import LogFile

POLL_SECONDS = 0.2
_SHOWN_FIRST = ("timestamp", "level", "event", "process")


class LogUnknown(Refused):
    """There is no log of that name in the home."""


def run_logs(settings: Settings, console: Console, process: str | None, lines: int, *, is_following: bool) -> int:
    """Print the logs; with `is_following` until interrupted.

    Raises:
        LogUnknown: the home has no such log.
    """
    folder = log_folder(settings)
    names = _choose(folder, process)
    for name in names:
        for line in LogFile(folder, name).tail(lines):
            _print(console, name, line, is_alone=process is not None)
    if is_following:
        for name, line in _follow({name: LogFile(folder, name).path for name in names}):
            _print(console, name, line, is_alone=process is not None)
    return 0


def _choose(folder: Path, process: str | None) -> list[str]:
    known = sorted(path.stem for path in folder.glob("*.log"))
    if process is None:
        return known
    if process not in known:
        raise LogUnknown(
            f"There is no log of {process!r} in {folder}.",
            mend=f"Known: {', '.join(known)}." if known else "`aitbc up` has not run in this home yet.",
        )
    return [process]


def _follow(paths: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Lines as they are written; a file that was cut short is read from its start."""
    read_until = {name: path.stat().st_size for name, path in paths.items()}
    rest = dict.fromkeys(paths, "")
    while True:
        for name, path in paths.items():
            size = path.stat().st_size if path.exists() else 0
            start = read_until[name] if size >= read_until[name] else 0
            if size > start:
                with path.open("rb") as file:
                    file.seek(start)
                    text = rest[name] + file.read(size - start).decode("utf-8", errors="replace")
                *complete, rest[name] = text.split("\n")
                yield from ((name, line) for line in complete)
            read_until[name] = size
        time.sleep(POLL_SECONDS)


def _print(console: Console, name: str, line: str, *, is_alone: bool) -> None:
    console.event("log", process=name, line=line)
    console.line(readable(line) if is_alone else f"{name:<12} {readable(line)}")


def readable(line: str) -> str:
    """A JSON log line as time, level, event and fields; anything else as it is."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "event" not in entry:
        return line
    at = str(entry.get("timestamp", ""))[11:19]
    fields = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _SHOWN_FIRST)
    return f"{at} {entry.get('level', ''):<7} {entry['event']} {fields}".rstrip()
