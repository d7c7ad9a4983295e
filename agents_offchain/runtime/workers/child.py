"""The child's side: limits first, then one skill, then an answer in the scratch folder.

Started as `python -m agents_offchain.runtime.workers.child FOLDER`. Exit code 0 means that
`answer.json` is there, whole.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def main(folder: Path) -> int:
    job = json.loads((folder / "job.json").read_text())
    _confine(job["limits"], job["parent_pid"])
    try:
        answer = _run(job, folder)
    except MemoryError:
        answer = {"family": "limit", "message": "The skill ran out of memory."}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        answer = {"family": "limit", "message": "The skill made a file larger than allowed."}
    _write_answer(folder, answer)
    return 0


def _confine(limits: dict[str, Any], parent_pid: int) -> None:
    """Die with the parent; bound CPU, address space, file size; no core files."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit(1)
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["output_bytes"], limits["output_bytes"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    from agents_offchain.primitives.errors import AitbcError, Fatal, Refused
    from agents_offchain.skills.catalog import run

    inputs = {cid: (folder / name).read_bytes() for cid, name in job["inputs"].items()}
    try:
        result = run(job["service"], job["request"], inputs, job["settings"])
    except AitbcError as error:
        family = "refused" if isinstance(error, Refused) else "fatal" if isinstance(error, Fatal) else "failed"
        return {"family": family, "name": error.name, "message": error.message, "mend": error.mend}
    artifacts = {}
    for index, (name, (media_type, data)) in enumerate(sorted(result.artifacts.items())):
        file = f"artifact-{index}"
        (folder / file).write_bytes(data)
        artifacts[name] = {"file": file, "media_type": media_type}
    return {
        "family": "ok",
        "output": dict(result.output),
        "evidence": dict(result.evidence),
        "artifacts": artifacts,
    }


def _write_answer(folder: Path, answer: dict[str, Any]) -> None:
    partial = folder / "answer.partial"
    partial.write_text(json.dumps(answer))
    partial.rename(folder / "answer.json")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
