"""Skills in worker processes with the settings of this machine bound in; for the agent and for reporters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.runtime.workers.sandbox import WorkerResult, run_skill


def scratch_folder(settings: Settings, process: str) -> Path:
    """Where a process's workers keep the files of a run; its own alone."""
    return settings.home / "scratch" / process


def host_skills(settings: Settings, process: str, threads: int) -> SkillRunner:
    """A runner of skills with the models of this machine.

    Args:
        threads: Threads of one inference.
    """
    host = {"models_dir": str(settings.models), "threads": threads}
    scratch = scratch_folder(settings, process)

    async def run_here(
        service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
    ) -> WorkerResult:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        return await run_skill(service, request, inputs, host, limits, scratch)

    return run_here
