"""One process of the product, as `cli.serve` runs it, that may be told when to die and what time it is.

    python -m tests.faults.mortal <process> [options]

FAULTS_TRACE names the file of crossings and turns the counting on; FAULTS_KILL is the crossing to die at;
FAULTS_CLOCK_SECONDS is added to the machine's clock; FAULTS_LEASE_SECONDS shortens leases, so that a suite does
not wait half a minute for each worker it kills; FAULTS_MAX_PAGES is the most that SQLite's file may grow to;
FAULTS_LOOK_SECONDS shortens the pauses of jurors and of the publisher in a dispute; FAULTS_SLOW says what takes
longer (`tempo.py`).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from agents_offchain.cli import serve
from agents_offchain.runtime.workers import sandbox
from agents_offchain.storage.work import WorkQueue
from oracle.court import bailiff, juror
from tests.faults import boundaries, signing, tempo


def main() -> int:
    sandbox.CHILD = "tests.faults.skill_child"
    if trace := os.environ.get("FAULTS_TRACE"):
        parts = signing if sys.argv[1] == "signer" else boundaries
        parts.install(boundaries.Tripwire(Path(trace), os.environ.get("FAULTS_KILL", "")))
    if slow := os.environ.get("FAULTS_SLOW"):
        tempo.slow_down(slow)
    if skew := float(os.environ.get("FAULTS_CLOCK_SECONDS", "0")):
        plain = time.time
        time.time = lambda: plain() + skew  # type: ignore[assignment]
    if lease := os.environ.get("FAULTS_LEASE_SECONDS"):
        assert WorkQueue.__init__.__kwdefaults__ is not None
        WorkQueue.__init__.__kwdefaults__["lease_seconds"] = float(lease)
    if look := os.environ.get("FAULTS_LOOK_SECONDS"):
        juror.LOOK_SECONDS = bailiff.LOOK_SECONDS = float(look)
    if pages := os.environ.get("FAULTS_MAX_PAGES"):
        limit_pages(int(pages))
    return serve.main(sys.argv[1:])


def limit_pages(pages: int) -> None:
    """Let SQLite say `database or disk is full` at this size; it stands in for a disk that is."""

    @event.listens_for(Engine, "connect")
    def limit(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()


if __name__ == "__main__":
    sys.exit(main())
