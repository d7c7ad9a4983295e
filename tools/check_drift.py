"""Fail when a generated file or a lock is not what its sources say, and name the command that mends it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE_FLAGS = "--universal --python-version 3.11 --generate-hashes --no-header --no-annotate"
# A lock, and what it is compiled from.
LOCKS = {
    "requirements.lock": "--extra contracts --extra vision --extra language --group dev pyproject.toml",
    "tools/security/requirements.lock": "tools/security/requirements.in",
    "tools/train_vision/requirements.lock": "--no-config tools/train_vision/requirements.in",
}


def main() -> int:
    checks = [
        (["forge", "build", "-q"], ROOT, "make codegen"),
        ([sys.executable, "tools/codegen.py", "--check"], ROOT, "make codegen"),
        (["npm", "run", "-s", "codegen:check"], ROOT / "frontend", "make codegen"),
    ]
    failed = False
    for command, folder, mend in checks:
        if subprocess.run(command, cwd=folder, check=False).returncode != 0:
            print(f"drift: {' '.join(command)} says that files are stale; run `{mend}`", file=sys.stderr)
            failed = True
    are_locks_current = [is_lock_current(lock, flags) for lock, flags in LOCKS.items()]
    return 0 if not failed and all(are_locks_current) else 1


def is_lock_current(lock: str, flags: str) -> bool:
    """Compile the lock onto a copy, which keeps its pins, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "requirements.lock"
        shutil.copy(ROOT / lock, copy)
        command = ["uv", "pip", "compile", "-q", *COMPILE_FLAGS.split(), *flags.split(), "-o", str(copy)]
        result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if result.returncode != 0:
            print(f"drift: {lock} cannot be compiled:\n{result.stderr}", file=sys.stderr)
            return False
        if copy.read_text() != (ROOT / lock).read_text():
            print(f"drift: {lock} is stale; run `make lock`", file=sys.stderr)
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
