"""The worker's child process with skills of its own, each of which misbehaves in one way.

Run as `python -m tests.fakes.worker_child FOLDER`, in place of `agents_offchain.runtime.workers.child`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents_offchain.primitives.errors import Fatal, Refused, Retryable
from agents_offchain.runtime.workers import child
from agents_offchain.skills.result import SkillResult


def run(
    service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], settings: Mapping[str, Any]
) -> SkillResult:
    """Do what the service's name says."""
    return SERVICES[service](request, inputs, settings)


def _result(**output: Any) -> SkillResult:
    return SkillResult(output=output, evidence={"seed": 0}, artifacts={})


def _echo(request: Mapping[str, Any], inputs: Mapping[str, bytes], settings: Mapping[str, Any]) -> SkillResult:
    sizes = {cid: len(data) for cid, data in inputs.items()}
    shown = {"request": dict(request), "inputs": sizes, "settings": dict(settings), "environment": sorted(os.environ)}
    return SkillResult(output=shown, evidence={"pid": os.getpid()}, artifacts={"copy": ("text/plain", b"hello")})


def _hang(*_: Any) -> SkillResult:
    Path(os.environ["HOME"], "started").touch()
    time.sleep(600)
    raise AssertionError


def _spin(*_: Any) -> SkillResult:
    while True:
        pass


def _grow(*_: Any) -> SkillResult:
    return _result(size=len(bytearray(8 << 30)))


def _write_much(*_: Any) -> SkillResult:
    return SkillResult(output={}, evidence={}, artifacts={"big": ("text/plain", b"x" * (3 << 20))})


def _write_many(*_: Any) -> SkillResult:
    parts = {f"part-{number}": ("text/plain", b"x" * (700 << 10)) for number in range(4)}
    return SkillResult(output={}, evidence={}, artifacts=parts)


def _refuse(*_: Any) -> SkillResult:
    raise Refused("The bytes are not a picture.", mend="Send a JPEG.")


def _miss(*_: Any) -> SkillResult:
    raise Fatal("The model is missing.", mend="Run `make setup`.")


def _stumble(*_: Any) -> SkillResult:
    raise Retryable("Try again.")


def _crash(*_: Any) -> SkillResult:
    raise ZeroDivisionError


def _kill(*_: Any) -> SkillResult:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _leave(*_: Any) -> SkillResult:
    os._exit(0)


def _chatter(*_: Any) -> SkillResult:
    for _ in range(64):
        sys.stderr.write("x" * (1 << 16))
    raise ZeroDivisionError("after much talk")


def _spawn(*_: Any) -> SkillResult:
    grandchild = subprocess.Popen(["sleep", "600"])
    return _result(pid=grandchild.pid)


def _lie(*_: Any) -> SkillResult:
    folder = Path(os.environ["HOME"])
    (folder / "artifact-9").symlink_to("/etc/hostname")
    (folder / "answer.json").write_text(_answer("artifact-9"))
    os._exit(0)


def _lie_path(*_: Any) -> SkillResult:
    (Path(os.environ["HOME"]) / "answer.json").write_text(_answer("/etc/hostname"))
    os._exit(0)


def _babble(*_: Any) -> SkillResult:
    (Path(os.environ["HOME"]) / "answer.json").write_text('{"family": "ok", "output": ')
    os._exit(0)


def _shape(*_: Any) -> SkillResult:
    (Path(os.environ["HOME"]) / "answer.json").write_text("[1, 2]")
    os._exit(0)


def _answer(file: str) -> str:
    artifacts = f'{{"a": {{"file": "{file}", "media_type": "text/plain"}}}}'
    return f'{{"family": "ok", "output": {{}}, "evidence": {{}}, "artifacts": {artifacts}}}'


SERVICES = {name.removeprefix("_").replace("_", "-"): value for name, value in globals().items() if name[0] == "_"}

if __name__ == "__main__":
    stand_in = types.ModuleType("agents_offchain.skills.catalog")
    stand_in.run = run  # type: ignore[attr-defined]
    sys.modules[stand_in.__name__] = stand_in
    sys.exit(child.main(Path(sys.argv[1])))
