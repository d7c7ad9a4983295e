"""Everything that proves messages and decisions, with what was simulated and how much of the code it reached.

    python tools/test_coordination.py [--unit-only]

Runs the unit and integration suites of messaging and coordination under coverage, prints how many schedules and faults
the simulator lived through, and fails below the ratchet in tests/coordination.toml. MISSED stands beside what is wanted
and not reached.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("messaging", "coordination")
DATA = ROOT / ".build" / "coordination.coverage"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unit-only", action="store_true", help="leave the real processes out")
    options = parser.parse_args()
    (ROOT / ".build").mkdir(exist_ok=True)
    suites = ("unit",) if options.unit_only else ("unit", "integration")
    DATA.unlink(missing_ok=True)
    codes = [_run(suite) for suite in suites]
    return max(*codes, _report()) if len(codes) > 1 else max(codes[0], _report())


def _run(suite: str) -> int:
    """One suite; the simulator's own lines are shown."""
    folders = [f"tests/{suite}/{part}" for part in PARTS]
    command = [sys.executable, "-m", "coverage", "run", "--append", f"--data-file={DATA}", "--branch"]
    command += ["--source=agents_offchain/messaging,agents_offchain/coordination", "-m", "pytest", "-q", "-s"]
    command += ["-m", suite, *folders]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _report() -> int:
    """Coverage by room beside ratchet and target."""
    answer = subprocess.run(
        [sys.executable, "-m", "coverage", "json", f"--data-file={DATA}", "-q", "-o", "-"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    files = json.loads(answer.stdout)["files"]
    limits = tomllib.loads((ROOT / "tests" / "coordination.toml").read_text())
    fallen = 0
    for room, least in limits["coverage"].items():
        mine = [item["summary"] for name, item in files.items() if name.startswith(f"{room}/")]
        reached = sum(item["covered_lines"] + item["covered_branches"] for item in mine)
        whole = sum(item["num_statements"] + item["num_branches"] for item in mine)
        share = 100 * reached / whole
        words = "" if share >= limits["wanted"][room] else f"  MISSED, {limits['wanted'][room]:g} is wanted"
        print(f"coverage of {room}: {share:.1f} % of lines and branches{words}")
        fallen += share < least
    if fallen:
        print("FALLEN below the ratchet in tests/coordination.toml")
    return min(fallen, 1)


if __name__ == "__main__":
    sys.exit(main())
