"""Lists the leaves of the `.tree` files that have no test, and tests named twice.

In: `tests/contracts/**/*.tree`. The first line names what is tested; `given ...` is stored state, `when ...` is input
or caller, every other line is a leaf: one outcome. Out: exit code 1 and one line a missing leaf. The name of a leaf's
test is `test_<what>__<its given or when>__<leaf>`, words joined by underscores; it is looked for in every test
source under `tests/contracts` (Solidity or Python).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[1]
TESTS_ROOT = REPO_ROOT / "tests" / "contracts"
BRANCH = re.compile(r"^(?P<indent>[│\s]*)(?:├──|└──)\s*(?P<text>.+)$")
TEST_NAME = re.compile(r"\b(?:function|def)\s+(test_\w+)")


def slug(text: str) -> str:
    """Lower-case words joined by underscores; camelCase of contract names is kept."""
    return re.sub(r"[^0-9A-Za-z]+", "_", text.strip()).strip("_")


def names_of(tree: str) -> Iterator[str]:
    """The test names that one tree asks for, from top to bottom."""
    lines = [line for line in tree.splitlines() if line.strip()]
    what = slug(lines[0])
    conditions: list[tuple[int, str]] = []
    for line in lines[1:]:
        match = BRANCH.match(line)
        if match is None:
            raise ValueError(f"not a branch: {line!r}")
        depth, text = len(match["indent"]), match["text"]
        conditions = [(d, condition) for d, condition in conditions if d < depth]
        if text.startswith(("given ", "when ")):
            conditions.append((depth, text))
            continue
        middle = f"{slug(conditions[-1][1])}__" if conditions else ""
        yield f"test_{what}__{middle}{slug(text)}"


def main(arguments: list[str] | None = None) -> int:
    """Compares trees and tests. Returns 0 if every leaf has exactly one test."""
    parser = argparse.ArgumentParser(description="Lists leaves of .tree files without a test.")
    parser.add_argument("--list", action="store_true", help="print every name that the trees ask for")
    options = parser.parse_args(arguments)
    wanted = [(path, name) for path in sorted(TESTS_ROOT.rglob("*.tree")) for name in names_of(path.read_text())]
    if options.list:
        print("\n".join(name for _, name in wanted))
    sources = [*TESTS_ROOT.rglob("*.sol"), *TESTS_ROOT.rglob("*.py")]
    found = Counter(name for source in sources for name in TEST_NAME.findall(source.read_text()))
    faults = [f"{path.relative_to(REPO_ROOT)}: no test {name}" for path, name in wanted if found[name] == 0]
    faults += [f"{name} exists {found[name]} times" for name in sorted({n for _, n in wanted}) if found[name] > 1]
    faults += [f"{name} is asked for twice" for name, n in Counter(n for _, n in wanted).items() if n > 1]
    print("\n".join([*faults, f"tree_check: {len(wanted)} leaves, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
