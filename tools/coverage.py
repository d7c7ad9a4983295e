"""Lines and branches of `contracts/` that forge's tests run: `make coverage`.

Reads the report of `forge coverage`, leaves mocks out, prints every file that is not whole, and fails below the ratchet
of `tests/coverage.toml`. The last line holds the figures.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build" / "coverage"
REPORT = BUILD / "lcov.info"
RATCHET = ROOT / "tests" / "coverage.toml"
MOCKS = "contracts/mocks/"


@dataclass
class Coverage:
    """One file: line number to calls, and (line, branch) to whether it was taken."""

    path: str
    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[tuple[int, str], bool] = field(default_factory=dict)

    def missed(self) -> str:
        """Line numbers that no test runs or in which a branch is never taken."""
        lines = {number for number, calls in self.lines.items() if calls == 0}
        lines |= {number for (number, _), taken in self.branches.items() if not taken}
        return ", ".join(str(number) for number in sorted(lines))


def main() -> int:
    run_forge()
    files = [file for file in read_report(REPORT.read_text()) if is_ours(file.path)]
    for file in files:
        if missed := file.missed():
            print(f"{file.path}: {missed}")
    figures = {
        "lines": share_of([calls > 0 for file in files for calls in file.lines.values()]),
        "branches": share_of([taken for file in files for taken in file.branches.values()]),
    }
    floors = tomllib.loads(RATCHET.read_text())
    is_fine = True
    for name, percent in figures.items():
        if percent < floors[name]:
            print(f"coverage: {name} fell below the ratchet of {floors[name]} % in {RATCHET.relative_to(ROOT)}")
            is_fine = False
    print(f"coverage of {len(files)} files: " + ", ".join(f"{name} {value:.2f} %" for name, value in figures.items()))
    return 0 if is_fine else 1


def run_forge() -> None:
    """`forge coverage` into folders of its own: it builds without the optimizer."""
    BUILD.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    environment = os.environ | {"FOUNDRY_OUT": str(BUILD / "out"), "FOUNDRY_CACHE_PATH": str(BUILD / "cache")}
    command = ["forge", "coverage", "--report", "lcov", "--report-file", str(REPORT)]
    log = BUILD / "forge.log"
    with log.open("w") as sink:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=sink, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0 or not REPORT.is_file():
        print(re.sub(r"\x1b\[[0-9;]*m", "", log.read_text())[-3000:])
        sys.exit(f"coverage: forge failed, see {log.relative_to(ROOT)}")


def is_ours(path: str) -> bool:
    return path.startswith("contracts/") and not path.startswith(MOCKS)


def read_report(text: str) -> Iterator[Coverage]:
    """The files of an LCOV report; a file that is named twice counts what either run covered."""
    files: dict[str, Coverage] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            file = files.setdefault(rest, Coverage(rest))
        elif kind == "DA":
            number, calls = rest.split(",")[:2]
            file.lines[int(number)] = file.lines.get(int(number), 0) + int(calls)
        elif kind == "BRDA":
            number, block, branch, calls = rest.split(",")
            key = (int(number), f"{block}.{branch}")
            file.branches[key] = file.branches.get(key, False) or calls not in ("-", "0")
    yield from files.values()


def share_of(hits: list[bool]) -> float:
    """Percent, rounded down to hundredths; nothing to hit is no success."""
    return sum(hits) * 10_000 // len(hits) / 100 if hits else 0.0


if __name__ == "__main__":
    sys.exit(main())
