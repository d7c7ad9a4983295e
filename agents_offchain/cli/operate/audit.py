"""`aitbc audit`: is the signer's log whole, and what does it say?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents_offchain.chain.signer.audit import parse_head, read_lines, verify
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import moment, show_table
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.settings import Settings

_OWN = ("n", "at", "event", "key", "prev", "hash")


def run_verify(settings: Settings, console: Console, head: str | None) -> int:
    """Exit code 0 when the log is whole, 1 when it is not."""
    check = verify(_folder(settings), None if head is None else parse_head(head))
    console.document(
        {"is_whole": check.is_whole, "lines": check.lines, "head": str(check.head), "trouble": check.trouble}
    )
    if check.is_whole:
        console.line(f"The audit log is whole: {check.lines} lines.")
        console.line(f"head  {check.head}")
        if head is None:
            console.line("Keep the head elsewhere; `aitbc audit verify --head HEAD` then shows a history written anew.")
        return 0
    console.line(
        f"The audit log is not whole: {check.trouble} The {check.lines} lines before are as they were written."
    )
    return 1


def run_show(settings: Settings, console: Console, last: int) -> int:
    lines = read_lines(_folder(settings), last=last)
    console.document({"lines": lines})
    rows = [(line.get("n"), _moment(line), line.get("event"), line.get("key"), _facts(line)) for line in lines]
    show_table(console, ("line", "when (UTC)", "event", "key", "what"), rows, empty="The audit log is empty.")
    return 0


def _folder(settings: Settings) -> Path:
    return key_folder(settings)


def _moment(line: dict[str, Any]) -> str:
    at = line.get("at")
    return moment(at) if isinstance(at, int | float) else ""


def _facts(line: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in line.items() if name not in _OWN and value not in (None, ""))
