"""A worker process that misbehaves: what it may not do, and what the parent says about it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.runtime.workers import sandbox
from agents_offchain.runtime.workers.limits import (
    ScratchUnavailable,
    SkillRefused,
    SkillUnavailable,
    WorkerDied,
    WorkerLimitExceeded,
    WorkerLimits,
)
from agents_offchain.runtime.workers.sandbox import WorkerResult, run_skill

pytestmark = pytest.mark.unit
REQUEST = {"service": "echo", "input": {"cid": "c1"}}


REAL_CHILD = sandbox.CHILD


@pytest.fixture(autouse=True)
def _own_skills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "CHILD", "tests.fakes.worker_child")


async def _run(scratch: Path, service: str, **limits: Any) -> WorkerResult:
    bounds = WorkerLimits(**{"wall_seconds": 60.0, "memory_bytes": 2 << 30, "output_bytes": 2 << 20, **limits})
    return await run_skill(service, REQUEST, {"c1": b"12345"}, {"threads": 1}, bounds, scratch)


async def test_run_skill__of_a_good_one__brings_back_what_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITBC_SECRET", "x")
    result = await _run(tmp_path, "echo")
    assert result.output["request"] == REQUEST
    assert result.output["inputs"] == {"c1": 5}
    assert result.output["settings"] == {"threads": 1}
    assert result.artifacts == {"copy": ("text/plain", b"hello")}
    assert result.evidence["pid"] != os.getpid()
    assert "AITBC_SECRET" not in result.output["environment"]
    assert list(tmp_path.iterdir()) == []


TROUBLE: dict[str, tuple[type[AitbcError], str]] = {
    "refuse": (SkillRefused, "not a picture. Send a JPEG"),
    "miss": (SkillUnavailable, "The model is missing. Run `make setup`"),
    "stumble": (WorkerDied, "Try again"),
    "crash": (WorkerDied, "code 1 and no answer"),
    "kill": (WorkerDied, "code -9 and no answer"),
    "leave": (WorkerDied, "code 0 and no answer"),
    "chatter": (WorkerLimitExceeded, "larger than allowed"),
    "grow": (WorkerLimitExceeded, "out of memory"),
    "write-much": (WorkerLimitExceeded, "larger than allowed"),
    "write-many": (WorkerLimitExceeded, "bytes; 2097152 are allowed"),
    "lie": (WorkerDied, "cannot be read"),
    "lie-path": (WorkerDied, "cannot be read"),
    "babble": (WorkerDied, "cannot be read"),
    "shape": (WorkerDied, "cannot be read"),
}


@pytest.mark.parametrize("service", TROUBLE)
async def test_run_skill__of_one_that_misbehaves__says_how_and_leaves_nothing(tmp_path: Path, service: str) -> None:
    family, message = TROUBLE[service]
    with pytest.raises(family) as caught:
        await _run(tmp_path, service)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("service", "family", "message"),
    [("make-coffee", SkillRefused, "No skill offers"), ("inspect-image", SkillUnavailable, "cannot be read")],
)
async def test_run_skill__of_the_real_ones__says_what_this_machine_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str, family: type[AitbcError], message: str
) -> None:
    monkeypatch.setattr(sandbox, "CHILD", REAL_CHILD)
    settings = {"models_dir": str(tmp_path / "no-models")}
    with pytest.raises(family, match=message):
        await run_skill(service, REQUEST, {"c1": b"\xff\xd8\xff"}, settings, WorkerLimits())


async def test_run_skill__that_takes_too_long__is_killed_and_refused(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(WorkerLimitExceeded, match=r"longer than 0\.5 s"):
        await _run(tmp_path, "hang", wall_seconds=0.5)
    assert time.monotonic() - started < 20
    assert list(tmp_path.iterdir()) == []


async def test_run_skill__that_burns_its_processor_time__is_stopped(tmp_path: Path) -> None:
    with pytest.raises(WorkerLimitExceeded, match="at its limits"):
        await _run(tmp_path, "spin", cpu_seconds=1)


async def test_run_skill__that_leaves_a_process_behind__takes_it_along(tmp_path: Path) -> None:
    result = await _run(tmp_path, "spawn")
    await _wait_until_gone(result.output["pid"])


async def test_run_skill__that_is_cancelled__kills_the_worker_and_leaves_nothing(tmp_path: Path) -> None:
    task = asyncio.create_task(_run(tmp_path, "hang"))
    while not list(tmp_path.glob("*/started")):
        assert not task.done(), task.result()
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


async def test_run_skill__without_room_for_its_files__is_retryable(tmp_path: Path) -> None:
    with pytest.raises(ScratchUnavailable, match="Free disk space"):
        await _run(tmp_path / "absent", "echo")


async def _wait_until_gone(pid: int) -> None:
    while True:
        try:
            if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        await asyncio.sleep(0.01)
