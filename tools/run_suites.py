"""Run the suites of tests/budget.toml in their order and add up what they counted.

    python tools/run_suites.py --size ci [suite ...]

A suite has both cores to itself unless it says `cores = 1`: two such neighbours run beside each other. Each suite
prints its own output, one suite at a time; afterwards a table shows counts and time used of the budget. The last
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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
ANSI = re.compile(r"\x1b\[[0-9;]*m")
INVARIANT_CALLS = re.compile(r"\(runs: \d+, calls: (\d+), reverts: \d+\)")
CORES = 2
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
    chosen = {name: suites[name] for name in suites if name in (options.suite or suites)}
    began = time.monotonic()
    tallies = [tally for group in side_by_side(chosen) for tally in run_group(group, options.size)]
    report(tallies, time.monotonic() - began)
    return 1 if any(tally.failed for tally in tallies) else 0


def side_by_side(suites: dict[str, dict[str, object]]) -> list[dict[str, dict[str, object]]]:
    """The suites in their order, neighbours that need one core each put together."""
    groups: list[dict[str, dict[str, object]]] = []
    free = 0
    for name, suite in suites.items():
        cores = int(str(suite.get("cores", CORES)))
        if cores > free:
            groups.append({})
            free = CORES
        groups[-1][name] = suite
        free -= cores
    return groups


def run_group(group: dict[str, dict[str, object]], size: str) -> list[Tally]:
    """Run these suites at once; the first is shown as it goes, each other one when those before it have ended."""
    said: dict[str, SimpleQueue[str | None]] = {name: SimpleQueue() for name in group}

    def run(name: str) -> Tally:
        try:
            return run_suite(name, group[name], size, said[name].put)
        finally:
            said[name].put(None)

    with ThreadPoolExecutor(len(group)) as pool:
        running = [pool.submit(run, name) for name in group]
        for name in group:
            for line in iter(said[name].get, None):
                print(line, end="", flush=True)
        return [suite.result() for suite in running]


def run_suite(name: str, suite: dict[str, object], size: str, say: Callable[[str], None] | None = None) -> Tally:
    """Run one suite, say its output as it comes, and count."""
    say = say or sys.stdout.write
    say(f"\n=== {name} ({size})\n")
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
        say(line)
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
        say(f"{name}: {calls:,} invariant calls" + (f", at least {wanted:,} wanted\n" if size == "full" else "\n"))
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


def report(tallies: list[Tally], seconds: float) -> None:
    print("\nsuite          passed  failed  skipped    used / budget")
    for t in tallies:
        used = f"{t.seconds:6.1f} s / {t.budget_seconds:.0f} s"
        print(f"{t.name:<13} {t.passed:>7} {t.failed:>7} {t.skipped:>8}   {used}   {t.note}".rstrip())
    print(f"total {seconds:.1f} s")
    passed, failed, skipped = (sum(getattr(t, f) for t in tallies) for f in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    sys.exit(main())
