"""What an agent knows of its language models beside its work: forecasts, budgets, and how its jobs ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.documents import RequestDocument
from agents_offchain.skills.llm.catalogue import Catalogue, default_catalogue, load_catalogue
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.forecast import PLANS, forecast_job
from agents_offchain.skills.llm.models_at_hand import LESSONS, SPENDING, ceiling_of
from agents_offchain.storage.lessons import LessonBook
from agents_offchain.storage.spending import SpendingBook

log = structlog.get_logger(__name__)
ORACLE = "oracle"
"""Source of a rating that follows from how a job ended on chain."""
QUALITY_OF = {"JobCompleted": 1.0, "JobRejected": 0.0}


def language_folder(settings: Settings) -> Path:
    """Where budgets, kept answers and lessons of a home are."""
    return settings.home / "language"


def read_catalogue(settings: Settings) -> Catalogue:
    """The models that language skills may ask: a file, one that is named, or the local one alone.

    Raises:
        LanguageSettingsInvalid: the file or the name cannot be used.
    """
    if settings.language is not None:
        return load_catalogue(settings.language)
    return default_catalogue(settings.language_model, settings.language_api_base)


def language_host(settings: Settings, agent: str, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """What `ModelsAtHand.of` and language skills read of this home.

    Args:
        agent: Whose money models cost.
        catalogue: In place of the home's own.
    """
    return {
        "language": (catalogue or read_catalogue(settings)).model_dump(mode="json"),
        "language_server": settings.language_server_url,
        "language_home": str(language_folder(settings)),
        "agent": agent,
    }


def read_experience(settings: Settings) -> Experience:
    """What earlier runs and outcomes taught this home."""
    if not (language_folder(settings) / LESSONS).exists():
        return Experience()
    return Experience.of_lessons(_lessons(settings).all())


def _lessons(settings: Settings) -> LessonBook:
    return LessonBook(language_folder(settings) / LESSONS, SystemClock())


@dataclass(slots=True)
class LanguageDesk:
    """One agent's view of its models.

    Args:
        agent: Its daemon's name, by which its money is counted.
        alert: A sentence about budgets that are nearly used up; shown with the agent's heartbeat.
    """

    settings: Settings
    catalogue: Catalogue
    agent: str
    alert: str = ""

    async def objection(self, request: RequestDocument, job_key: str) -> str:
        """Why a job is not taken: no model fits, or its forecast is above what is left; empty when it may be."""
        if request.service not in PLANS:
            return ""
        return await asyncio.to_thread(self._objection, request, job_key)

    async def ended(self, job_key: str, event: str) -> None:
        """Learn from how a job ended; without an opinion on one that expired."""
        quality = QUALITY_OF.get(event)
        if quality is not None and (language_folder(self.settings) / LESSONS).exists():
            await asyncio.to_thread(_lessons(self.settings).rate, job_key, ORACLE, quality)

    def look(self, job_key: str) -> None:
        """See how much of the budgets is used; said once in the log whenever it changes."""
        file = language_folder(self.settings) / SPENDING
        if not file.exists():
            return
        book = SpendingBook(file, SystemClock())
        said = " ".join(book.alerts(self.agent, job_key, ceiling_of(self.catalogue)))
        if said and said != self.alert:
            log.warning("language_budget_nearly_used", job=job_key, said=said)
        self.alert = said

    def _objection(self, request: RequestDocument, job_key: str) -> str:
        foreseen = forecast_job(
            request.service, request.input.bytes, self.catalogue, read_experience(self.settings), SystemClock()
        )
        if foreseen.against or not PLANS[request.service].is_needed:
            return foreseen.against
        totals = SpendingBook(language_folder(self.settings) / SPENDING, SystemClock()).totals(self.agent, job_key)
        ceiling = ceiling_of(self.catalogue)
        left = min(ceiling.job_picos - totals.job_picos, ceiling.day_picos - totals.day_picos)
        if foreseen.most_usd_picos > left:
            return f"{request.service} may cost {foreseen.most_usd} at {foreseen.model}, more than the budget has left."
        return ""
