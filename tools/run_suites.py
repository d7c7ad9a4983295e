"""Run the suites of tests/budget.toml one after the other and add up what they counted.

    python tools/run_suites.py --size ci [suite ...]

Each suite prints its own output; afterwards a table shows counts and time used of the budget. The last
line is `N passed, N failed, N skipped`. A suite that ends with an error but counted no failure counts
as one failure; so does a suite over its budget at CI size.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANSI = re.compile(r"\x1b\[[0-9;]*m")
INVARIANT_CALLS = re.compile(r"\(runs: \d+, calls: (\d+), reverts: \d+\)")
COUNT = re.compile(r"(\d+) (?:tests? )?(passed|failed|skipped|errors?)\b")


@dataclass
class Tally:
    """What one suite counted, and the seconds it took."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    budget_seconds: float = 0.0
    note: str = ""


def main() -> int:
    suites = tomllib.loads((ROOT / "tests" / "budget.toml").read_text())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="*", choices=[*suites, []], help="default: all")
    parser.add_argument("--size", choices=["ci", "full"], default="ci")
    options = parser.parse_args()
    chosen = options.suite or list(suites)
    tallies = [run_suite(name, suites[name], options.size) for name in suites if name in chosen]
    report(tallies)
    return 1 if any(tally.failed for tally in tallies) else 0


def run_suite(name: str, suite: dict[str, object], size: str) -> Tally:
    """Run one suite, show its output as it comes, and count."""
    print(f"\n=== {name} ({size})", flush=True)
    tools = f"{ROOT}/.venv/bin:{ROOT}/.cache/bin:{os.environ.get('PATH', '')}"
    environment = dict(os.environ, PATH=tools, AITBC_TEST_SIZE=size)
    if size == "full":
        environment |= dict(suite.get("full", {}))  # type: ignore[call-overload]
    started = time.monotonic()
    process = subprocess.Popen(
        str(suite["command"]),
        shell=True,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(ANSI.sub("", line))
    code = process.wait()
    tally = count(name, lines)
    tally.seconds = time.monotonic() - started
    tally.budget_seconds = float(str(suite["budget_seconds"]))
    if name == "check":
        tally.passed = 1 if code == 0 else 0
    if code != 0 and tally.failed == 0:
        tally.failed, tally.note = 1, f"ended with code {code}"
    if code == 0 and tally.passed == 0 and tally.skipped == 0:
        tally.failed, tally.note = 1, "ran no test"
    if size == "ci" and tally.seconds > tally.budget_seconds:
        tally.failed, tally.note = tally.failed + 1, "over its budget"
    calls, wanted = invariant_calls(lines), int(str(suite.get("full_invariant_calls", 0)))
    if calls:
        print(f"{name}: {calls:,} invariant calls" + (f", at least {wanted:,} wanted" if size == "full" else ""))
    if size == "full" and calls < wanted:
        tally.failed, tally.note = tally.failed + 1, "too few invariant calls"
    return tally


def invariant_calls(lines: list[str]) -> int:
    """How many calls forge's stateful campaigns made, all together."""
    return sum(int(match[1]) for line in lines if (match := INVARIANT_CALLS.search(line)))


def count(name: str, lines: list[str]) -> Tally:
    """The counts of the last line that has any, in the words of pytest, forge, vitest or our own runner."""
    tally = Tally(name)
    for line in reversed(lines):
        if name == "page" and "Tests" not in line:
            continue
        found = COUNT.findall(line)
        if any(word == "passed" for _, word in found) or (found and "in " in line):
            for number, word in found:
                if word == "passed":
                    tally.passed += int(number)
                elif word == "skipped":
                    tally.skipped += int(number)
                else:
                    tally.failed += int(number)
            break
    return tally


def report(tallies: list[Tally]) -> None:
    print("\nsuite          passed  failed  skipped    used / budget")
    for t in tallies:
        used = f"{t.seconds:6.1f} s / {t.budget_seconds:.0f} s"
        print(f"{t.name:<13} {t.passed:>7} {t.failed:>7} {t.skipped:>8}   {used}   {t.note}".rstrip())
    total = sum(t.seconds for t in tallies)
    print(f"total {total:.1f} s")
    passed, failed, skipped = (sum(getattr(t, f) for t in tallies) for f in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    sys.exit(main())
