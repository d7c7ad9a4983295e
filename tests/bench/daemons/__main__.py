"""Measure the daemons and print a table; the exit code is 1 when a figure is worse than `tests/bench.toml` keeps.

python -m tests.bench.daemons [--size full|small] [--part history]... [--write]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.daemons import backlog, catalog, history, idle, latency
from tests.bench.daemons.figures import Figure, machine, table

REPORT = Path(__file__).resolve().parents[3] / "docs" / "performance.md"
BEGIN, END = "<!-- table: begin, written by `make bench-daemons WRITE=1` -->", "<!-- table: end -->"
FULL: dict[str, Callable[[], list[Figure]]] = {
    "history": lambda: history.measure(100_000),
    "latency": lambda: latency.measure(300),
    "catalog": lambda: catalog.measure(10_000, 1_000_000, 20),
    "idle": lambda: idle.measure(20.0),
    "backlog": lambda: backlog.measure(200),
}
SMALL: dict[str, Callable[[], list[Figure]]] = {
    "history": lambda: history.measure(10_000),
    "latency": lambda: latency.measure(40),
    "catalog": lambda: catalog.measure(1_000, 20_000, 3),
    "idle": lambda: idle.measure(5.0),
    "backlog": lambda: backlog.measure(20),
}


def say(text: str) -> None:
    """A line as soon as it is known."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--part", action="append", choices=list(FULL), help="default: all")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    parts = FULL if options.size == "full" else SMALL
    chosen = [name for name in parts if options.part is None or name in options.part]
    figures: list[Figure] = []
    began = time.monotonic()
    for number, name in enumerate(chosen, start=1):
        say(f"[{number}/{len(chosen)}] {name}: measuring since {time.monotonic() - began:.0f} s, {machine()}")
        found = parts[name]()
        say("\n".join(figure.row() for figure in found))
        figures += found
    shown = f"{machine()}\n\n{table(figures)}"
    say(f"\n{shown}\n\n{time.monotonic() - began:.0f} s for everything")
    if options.write:
        before, _, rest = REPORT.read_text().partition(BEGIN)
        REPORT.write_text(f"{before}{BEGIN}\n{shown}\n{END}{rest.partition(END)[2]}")
    worse = [figure for figure in figures if figure.is_worse_than_kept]
    for figure in worse:
        say(f"worse than kept: {figure.name}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
