"""What `make security` runs: slither against its accepted findings, halmos on the symbolic tests.

    .cache/security/bin/python tools/security/run.py [slither | symbolic]

Needs the environment of `requirements.lock` beside this file and forge on PATH. Builds into `.build/security`, so that
neither tool disturbs the other builds. The last line counts; the exit status says whether anything is left unexplained.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from findings import faults_of, read_accepted, read_findings

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build" / "security"
DOCUMENT = ROOT / "docs" / "security" / "slither.md"
TOOLS = Path(sys.executable).parent
SYMBOLIC_TESTS = "tests/contracts/forge/symbolic"
# What multiplies and divides goes to the solver that counts in integers, the rest to the one that counts in bits.
ARITHMETIC = "^MoneySymbolic$"
EVERYTHING_ELSE = "^(?!MoneySymbolic).*Symbolic$"
SOLVER_SECONDS = 120
UNROLL = 4


def main() -> int:
    parser = argparse.ArgumentParser(description="Static analysis and symbolic tests of contracts/.")
    parser.add_argument("part", nargs="?", choices=["slither", "symbolic"], help="default: both")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    parts = {"slither": check_findings, "symbolic": check_symbolic}
    results = [run() for name, run in parts.items() if options.part in (None, name)]
    print(f"security: {'; '.join(line for line, _ in results)} ({time.monotonic() - started:.0f} s)")
    return 0 if all(is_fine for _, is_fine in results) else 1


def check_findings() -> tuple[str, bool]:
    """Runs slither over contracts/ without mocks; every finding must be explained, every explanation needed."""
    report = BUILD / "slither.json"
    report.unlink(missing_ok=True)
    command = [str(TOOLS / "slither"), ".", "--filter-paths", "node_modules|contracts/mocks", "--json", str(report)]
    log = run(command, "slither", tests=".build/security/none")
    if not report.is_file():
        return f"slither did not run, see {log.relative_to(ROOT)}", False
    findings, accepted = read_findings(report), read_accepted(DOCUMENT)
    faults = list(faults_of(findings, accepted))
    for fault in faults:
        print(f"slither: {fault}")
    if faults:
        print(f"slither: mend the code, or explain in {DOCUMENT.relative_to(ROOT)}")
    return f"slither {len(findings)} findings, {len(accepted)} rows explain them, {len(faults)} faults", not faults


def check_symbolic() -> tuple[str, bool]:
    """Runs every `check_` function; each must hold on all paths, and no path may have been left out."""
    passed, failed = 0, 0
    solver = f"{sys.executable} {Path(__file__).with_name('cvc5_int.py')}"
    for name, contracts, more in (
        ("arithmetic", ARITHMETIC, ["--solver-command", solver]),
        ("state", EVERYTHING_ELSE, []),
    ):
        tests = run_halmos(name, contracts, more)
        passed += sum(tests.values())
        failed += sum(not holds for holds in tests.values()) + (not tests)
        for test, holds in tests.items():
            print(f"halmos: {'proven' if holds else 'NOT PROVEN'}  {test}")
    return f"halmos {passed} properties proven, {failed} not", failed == 0


def run_halmos(name: str, contracts: str, more: list[str]) -> dict[str, bool]:
    """Test name to whether it holds; empty if halmos did not run."""
    report = BUILD / f"halmos-{name}.json"
    report.unlink(missing_ok=True)
    command = [
        *(str(TOOLS / "halmos"), "--forge-build-out", ".build/security/halmos-out"),
        *("--match-contract", contracts, "--match-test", "^check_"),
        *("--loop", str(UNROLL), "--solver-timeout-assertion", f"{SOLVER_SECONDS}s"),
        *("--json-output", str(report), *more),
    ]
    log = run(command, f"halmos-{name}", tests=SYMBOLIC_TESTS, out="halmos-out")
    if not report.is_file():
        print(f"halmos: {name} did not run, see {log.relative_to(ROOT)}")
        return {}
    is_bounded = "loop unrolling" in log.read_text()
    if is_bounded:
        print(f"halmos: {name} left paths out, see {log.relative_to(ROOT)}; raise UNROLL in tools/security/run.py")
    suites = json.loads(report.read_text())["test_results"]
    return {
        f"{suite.rpartition(':')[2]}.{test['name'].partition('(')[0]}": test["exitcode"] == 0 and not is_bounded
        for suite, tests in sorted(suites.items())
        for test in tests
    }


def run(command: list[str], name: str, *, tests: str, out: str = "slither-out") -> Path:
    """Runs a tool with forge building into a folder of its own; its words go into a log."""
    log = BUILD / f"{name}.log"
    environment = os.environ | {
        "FOUNDRY_TEST": tests,
        "FOUNDRY_OUT": f".build/security/{out}",
        "FOUNDRY_CACHE_PATH": f".build/security/{out}-cache",
        "PATH": f"{TOOLS}:{ROOT / '.cache' / 'bin'}:{os.environ['PATH']}",
    }
    with log.open("w") as sink:
        subprocess.run(command, cwd=ROOT, env=environment, stdout=sink, stderr=subprocess.STDOUT, check=False)
    return log


if __name__ == "__main__":
    sys.exit(main())
