"""The parent's side: run one skill in a child process and bring back what it made."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from agents_offchain.runtime.workers.limits import (
    ScratchUnavailable,
    SkillRefused,
    SkillUnavailable,
    WorkerDied,
    WorkerLimitExceeded,
    WorkerLimits,
)

log = structlog.get_logger(__name__)
CHILD = "agents_offchain.runtime.workers.child"
ERRORS_FILE = "errors.log"
TAIL_BYTES = 2000
_ARTIFACT_FILE = re.compile(r"artifact-[0-9]{1,6}")
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass(frozen=True)
class WorkerResult:
    """What a skill made: JSON output and evidence, artifacts as name -> (media type, bytes)."""

    output: dict[str, Any]
    evidence: dict[str, Any]
    artifacts: dict[str, tuple[str, bytes]]


async def run_skill(
    service: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    limits: WorkerLimits,
    scratch: Path | None = None,
    secrets: Sequence[str] = (),
) -> WorkerResult:
    """Run a service on a request in a fresh child process.

    Args:
        service: Name of the skill's service.
        request: The request document.
        inputs: Input bytes by CID.
        settings: The host's settings of the skill, JSON-compatible (`models_dir`, `threads`, ...).
        scratch: Folder for the run's own folder; the system's when absent.
        secrets: Names of environment variables that this one skill needs; no other of ours is handed on.

    Raises:
        SkillRefused: the input cannot be worked on; `mend` says why.
        WorkerLimitExceeded: out of time, memory or output space.
        SkillUnavailable: this machine lacks what the skill needs.
        WorkerDied: the child ended without an answer; a retry may help.
        ScratchUnavailable: this machine has no room for a worker now.
    """
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="aitbc-skill-", dir=scratch))
        _hand_in(folder, service, request, inputs, settings, limits)
        code, errors = await _run_child(folder, limits, secrets)
        return _hand_out(folder, code, errors, limits)
    except OSError as error:
        raise ScratchUnavailable(
            f"A worker cannot be run here: {error.strerror or error}.", mend="Free disk space.", retry_after_seconds=5.0
        ) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _hand_in(
    folder: Path,
    service: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    limits: WorkerLimits,
) -> None:
    names = {}
    for index, (cid, data) in enumerate(sorted(inputs.items())):
        names[cid] = f"input-{index}"
        (folder / names[cid]).write_bytes(data)
    job = {
        "service": service,
        "request": dict(request),
        "inputs": names,
        "settings": dict(settings),
        "limits": asdict(limits),
        "parent_pid": os.getpid(),
    }
    (folder / "job.json").write_text(json.dumps(job))


async def _run_child(folder: Path, limits: WorkerLimits, secrets: Sequence[str]) -> tuple[int, str]:
    environment = {name: os.environ[name] for name in (*_KEPT_ENVIRONMENT, *secrets) if name in os.environ}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HOME": str(folder)}
    with (folder / ERRORS_FILE).open("wb") as errors:  # a file, since the child's limits hold for files
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            CHILD,
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(limits.wall_seconds):
            code = await child.wait()
    except TimeoutError as error:
        raise WorkerLimitExceeded(
            f"The skill took longer than {limits.wall_seconds:g} s.", wall_seconds=limits.wall_seconds
        ) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # whatever the skill started goes with it
        await child.wait()
    return code, _tail(folder / ERRORS_FILE)


def _tail(file: Path) -> str:
    """The last words of a file that may be long."""
    with file.open("rb") as stream:
        stream.seek(max(file.stat().st_size - TAIL_BYTES, 0))
        return stream.read().decode(errors="replace")


def _hand_out(folder: Path, code: int, errors: str, limits: WorkerLimits) -> WorkerResult:
    answer_file = folder / "answer.json"
    if not answer_file.exists():
        log.warning("worker_died", exit_code=code, stderr=errors)
        if code in (-signal.SIGXCPU, -signal.SIGXFSZ) or "MemoryError" in errors or "bad_alloc" in errors:
            raise WorkerLimitExceeded(f"The skill was stopped at its limits (exit code {code}).", exit_code=code)
        raise WorkerDied(f"The worker ended with code {code} and no answer.", exit_code=code)
    try:
        return _read_answer(folder, json.loads(answer_file.read_text()), limits)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("worker_answered_nonsense", error=repr(error)[:500])
        raise WorkerDied("The worker's answer cannot be read.") from error


def _read_answer(folder: Path, answer: dict[str, Any], limits: WorkerLimits) -> WorkerResult:
    match answer["family"]:
        case "ok":
            pass
        case "refused":
            raise SkillRefused(answer["message"], mend=answer["mend"], reason=answer["name"])
        case "limit":
            raise WorkerLimitExceeded(answer["message"])
        case "fatal":
            raise SkillUnavailable(answer["message"], mend=answer["mend"])
        case _:
            raise WorkerDied(answer["message"])
    files = {
        name: (entry["media_type"], _artifact(folder, entry["file"])) for name, entry in answer["artifacts"].items()
    }
    size = sum(file.stat().st_size for _, file in files.values())
    if size > limits.output_bytes:
        raise WorkerLimitExceeded(f"The skill made {size} bytes; {limits.output_bytes} are allowed.")
    artifacts = {name: (media_type, file.read_bytes()) for name, (media_type, file) in files.items()}
    return WorkerResult(dict(answer["output"]), dict(answer["evidence"]), artifacts)


def _artifact(folder: Path, name: str) -> Path:
    """A file of the run's own; a skill that was taken over names others, or links to them."""
    file = folder / name
    if _ARTIFACT_FILE.fullmatch(name) is None or file.is_symlink() or not file.is_file():
        raise ValueError(f"{name[:80]!r} is not an artifact of this run")
    return file
