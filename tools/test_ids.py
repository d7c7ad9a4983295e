"""Print every id of `tests/contracts/ids.toml` with the tests that carry it; fail if an id has none.

    python tools/test_ids.py [--names]

A test carries an id that stands in its name, or that lists it. A listed test that does not exist, an open id that has
a test, and an id in a test's name that the file does not know are faults. The last line counts as the suites do: ids
with a test, faults, open ids.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "contracts"
TEST_NAME = re.compile(r"\b(?:function|def)\s+((?:test|testFuzz|invariant|check)_\w+)")
ID_IN_NAME = re.compile(r"^(?:test|testFuzz|invariant)_([A-Z]\d{1,2})_")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


@dataclass
class Row:
    """One id: what it demands, which tests carry it, and what is wrong with that."""

    name: str
    what: str
    tests: list[str] = field(default_factory=list)
    gate: str = ""
    reason: str = ""
    fault: str = ""


def read_rows(document: dict[str, Any], names: set[str], targets: set[str]) -> Iterator[Row]:
    """The rows of the file, judged against the tests and make targets that exist."""
    for name, entry in document.items():
        own = sorted(test for test in names if (match := ID_IN_NAME.match(test)) and match[1] == name)
        row = Row(name, entry["what"], [*own, *(test for test in entry.get("also", ()) if test not in own)])
        row.gate, row.reason = entry.get("gate", ""), entry.get("open", "")
        missing = [test for test in row.tests if test not in names]
        if missing:
            row.fault = f"names tests that do not exist: {', '.join(missing)}"
        elif row.gate and row.gate not in targets:
            row.fault = f"names the make target {row.gate}, which does not exist"
        elif row.reason and row.tests:
            row.fault = f"is open and has tests, {row.tests[0]} for one; remove `open`"
        elif not (row.tests or row.gate or row.reason):
            row.fault = "has no test"
        yield row
    known = set(document)
    for test in sorted(names):
        match = ID_IN_NAME.match(test)
        if match and match[1] not in known:
            yield Row(match[1], "", [test], fault=f"is in the name of {test}, but not in ids.toml")


def lines_of(row: Row, *, is_long: bool) -> Iterator[str]:
    """What is printed for a row."""
    if row.fault:
        yield f"{row.name:<4} FAULT  {row.fault}"
    elif row.reason:
        yield f"{row.name:<4} open   {row.what}: {row.reason}"
    elif row.gate:
        yield f"{row.name:<4} gate   {row.what}: make {row.gate}"
    else:
        first, *others = row.tests
        yield f"{row.name:<4} {len(row.tests):>2} tests  {row.what}: {first}{' …' if others and not is_long else ''}"
        yield from (f"{'':<15}{test}" for test in others if is_long)


def main() -> int:
    parser = argparse.ArgumentParser(description="The ids of contract tests and the tests that carry them.")
    parser.add_argument("--names", action="store_true", help="print every test, not the first of each id")
    options = parser.parse_args()
    started = time.monotonic()
    sources = [*TESTS.rglob("*.sol"), *TESTS.rglob("*.py")]
    names = {name for source in sources for name in TEST_NAME.findall(source.read_text())}
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    rows = list(read_rows(tomllib.loads((TESTS / "ids.toml").read_text()), names, targets))
    for row in rows:
        print("\n".join(lines_of(row, is_long=options.names)))
    faults, still_open = sum(bool(row.fault) for row in rows), sum(bool(row.reason and not row.fault) for row in rows)
    carried = len(rows) - faults - still_open
    print(f"{carried} passed, {faults} failed, {still_open} skipped in {time.monotonic() - started:.2f}s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
