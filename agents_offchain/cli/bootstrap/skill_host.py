"""Skills in worker processes with the settings of this machine bound in; for the agent and for reporters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agents_offchain.cli.bootstrap.language import language_host, read_catalogue
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.runtime.workers.sandbox import WorkerResult, run_skill
from agents_offchain.skills.catalog import CHECKING, LANGUAGE, OBSERVING, PROGRAMS, ROOMS


def scratch_folder(settings: Settings, process: str) -> Path:
    """Where a process's workers keep the files of a run; its own alone."""
    return settings.home / "scratch" / process


def _nobody(job_key: str) -> None:
    """Nobody wants to know."""


def host_skills(
    settings: Settings, process: str, threads: int, ran: Callable[[str], None] = _nobody, agent: str = ""
) -> SkillRunner:
    """A runner of skills with the models of this machine.

    Args:
        threads: Threads of one inference.
        agent: Whose money language models cost; the process's by default.
        ran: Told of each run of a language skill for a job, by the job's key.
    """
    host: dict[str, Any] = {"models_dir": str(settings.models), "threads": threads}
    if settings.text_reader == "tesseract":
        host["text_reader"] = settings.text_reader
    if settings.detector is not None:
        host["detector"] = str(settings.detector.resolve())
    catalogue = read_catalogue(settings)
    language = language_host(settings, agent or process, catalogue)
    scratch = scratch_folder(settings, process)

    async def run_here(
        service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
    ) -> WorkerResult:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_asking = settings.question_model and service == OBSERVING and PROGRAMS not in request
        if ROOMS.get(service) != LANGUAGE and not is_asking:
            return await run_skill(service, request, inputs, host, limits, scratch)
        secrets = () if service in CHECKING else catalogue.key_names
        asking = {"question_model": True} if is_asking else {}
        try:
            return await run_skill(service, request, inputs, host | language | asking, limits, scratch, secrets)
        finally:
            if "account" in request:
                await asyncio.to_thread(ran, str(request["account"]["job"]))

    return run_here
