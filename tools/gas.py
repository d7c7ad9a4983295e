"""Prints what every verb costs on a real local chain, and fails above a ceiling.

In: forge's output (`forge build` first) and `tests/gas.toml`. Out: the table on the screen, with `--write` also in
docs/gas.md. Exit code 1 and one line a row if a row is above its ceiling, has no ceiling, or was not measured.
Figures are the `gasUsed` of mined transactions on anvil, second and later calls, so they hold on any machine.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gas_bench.chain import HARDFORK, Chain, GasBenchError
from gas_bench.court import measure_court
from gas_bench.feed import measure_feed
from gas_bench.governance import measure_governance
from gas_bench.hiring import measure_hiring
from gas_bench.market import measure_market
from gas_bench.payments import measure_payments
from gas_bench.reputation import measure_reputation

REPO_ROOT = Path(__file__).resolve().parents[1]
CEILINGS = REPO_ROOT / "tests" / "gas.toml"
REPORT = REPO_ROOT / "docs" / "gas.md"
BEGIN, END = "<!-- table: begin, written by tools/gas.py -->", "<!-- table: end -->"
ROOMS: Mapping[str, Callable[[Chain], dict[str, float]]] = {
    "market": measure_market,
    "court": measure_court,
    "feed": measure_feed,
    "hiring": measure_hiring,
    "payments": measure_payments,
    "reputation": measure_reputation,
    "governance": measure_governance,
}


def measured(rooms: Sequence[str]) -> dict[str, float]:
    """Gas by row id; each room on a chain of its own."""
    gas: dict[str, float] = {}
    for room in rooms:
        with Chain() as chain:
            gas |= ROOMS[room](chain)
    return gas


def faults(gas: Mapping[str, float], rows: Mapping[str, Mapping[str, Any]], is_complete: bool) -> list[str]:
    """One line for each row above its ceiling, without one, or without a figure."""
    lines = [
        f"{row}: {gas[row]:,.1f} is above its ceiling {rows[row]['ceiling']:,}"
        for row in gas
        if row in rows and gas[row] > rows[row]["ceiling"]
    ]
    lines += [f"{row}: has no ceiling in {CEILINGS.name}" for row in gas if row not in rows]
    if is_complete:
        lines += [f"{row}: was not measured" for row in rows if row not in gas]
    return lines


def table(gas: Mapping[str, float], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The rows that were measured, in the order of the ceilings' file, as Markdown."""
    lines = ["| operation | gas | ceiling | best peer | note |", "| --- | ---: | ---: | --- | --- |"]
    for row, facts in rows.items():
        if row in gas:
            figure = f"{gas[row]:,.1f}" if gas[row] < 100 else f"{gas[row]:,.0f}"
            lines.append(
                f"| {facts['label']} | {figure} | {facts['ceiling']:,} | {facts.get('peer', '')} "
                f"| {facts.get('note') or facts.get('waived', '')} |"
            )
    return lines


def write_report(lines: Sequence[str]) -> None:
    """Puts the table between its marks in docs/gas.md."""
    text = REPORT.read_text()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    REPORT.write_text("\n".join([f"{head}{BEGIN}", *lines, f"{END}{tail}"]))


def main(arguments: list[str] | None = None) -> int:
    """Measures, prints, compares. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Gas of every verb against its ceiling.")
    parser.add_argument("rooms", nargs="*", help=f"only these: {', '.join(ROOMS)}")
    parser.add_argument("--write", action="store_true", help="write the table into docs/gas.md")
    options = parser.parse_args(arguments)
    rows = tomllib.loads(CEILINGS.read_text())["rows"]
    rooms = options.rooms or list(ROOMS)
    if unknown := [room for room in rooms if room not in ROOMS]:
        parser.error(f"no room {', '.join(unknown)}")
    try:
        gas = measured(rooms)
    except GasBenchError as error:
        print(f"gas: {error}", file=sys.stderr)
        return 1
    lines = table(gas, rows)
    print(f"gas on anvil ({HARDFORK}), second and later calls\n")
    print("\n".join(lines))
    if options.write:
        write_report(lines)
    broken = faults(gas, rows, is_complete=not options.rooms)
    print("\n".join(f"gas: {line}" for line in broken), file=sys.stderr)
    print(f"\ngas: {len(gas)} rows, {len(broken)} above a ceiling or missing")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
