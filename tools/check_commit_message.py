"""Refuse a commit whose first line is not `type(scope): what`, as CONTRIBUTING.md describes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

FORM = re.compile(r"^(feat|fix|perf|refactor|test|docs|build|chore|ci|revert)(\([a-z0-9,/-]+\))?!?: .{3,}$")

if __name__ == "__main__":
    first = Path(sys.argv[1]).read_text().splitlines()[0]
    if not FORM.match(first):
        sys.exit(f"{first!r} is not `type(scope): what`; for example `fix(chain): count a block once`.")
