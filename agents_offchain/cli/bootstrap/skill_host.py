"""Skills in worker processes with the settings of this machine bound in; for the agent and for reporters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.runtime.workers.sandbox import WorkerResult, run_skill
from agents_offchain.skills.catalog import CHECKING, LANGUAGE, ROOMS
from agents_offchain.skills.llm.catalogue import Catalogue, default_catalogue, load_catalogue


def scratch_folder(settings: Settings, process: str) -> Path:
    """Where a process's workers keep the files of a run; its own alone."""
    return settings.home / "scratch" / process


def host_skills(settings: Settings, process: str, threads: int) -> SkillRunner:
    """A runner of skills with the models of this machine.

    Args:
        threads: Threads of one inference.
    """
    host = {"models_dir": str(settings.models), "threads": threads}
    catalogue = _catalogue(settings)
    language = {
        "language": catalogue.model_dump(mode="json"),
        "language_home": str(settings.home / "language"),
        "agent": process,
    }
    scratch = scratch_folder(settings, process)

    async def run_here(
        service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
    ) -> WorkerResult:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        if ROOMS.get(service) != LANGUAGE:
            return await run_skill(service, request, inputs, host, limits, scratch)
        secrets = () if service == CHECKING else catalogue.key_names
        return await run_skill(service, request, inputs, host | language, limits, scratch, secrets)

    return run_here


def _catalogue(settings: Settings) -> Catalogue:
    """The models that language skills may ask: a file, one that is named, or the local one alone."""
    if settings.language is not None:
        return load_catalogue(settings.language)
    return default_catalogue(settings.language_model, settings.language_api_base)
