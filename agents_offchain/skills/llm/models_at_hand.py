"""The models of one worker run, put together from the host's settings: router, purse, cache, what was learned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.skills.llm.answer_cache import AnswerCache
from agents_offchain.skills.llm.catalogue import Catalogue, ModelEntry, default_catalogue, parse_catalogue
from agents_offchain.skills.llm.chat import PICOS_PER_USD, Provider
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.metered import Metered
from agents_offchain.skills.llm.prompts.experiment import choose_version
from agents_offchain.skills.llm.prompts.prompt import Prompt, load_prompt
from agents_offchain.skills.llm.remote import RemoteModel
from agents_offchain.skills.llm.replay import Recorder
from agents_offchain.skills.llm.router import Need, Router, build_posts
from agents_offchain.storage.answers import AnswerBook
from agents_offchain.storage.lessons import LessonBook
from agents_offchain.storage.spending import Ceiling, SpendingBook

if TYPE_CHECKING:  # daemons read budgets and catalogues here, few of them load vectors
    from agents_offchain.skills.embedding.embedder import Embedder

ANSWERS, LESSONS, SPENDING = "answers.db", "lessons.db", "spending.db"
"""Files of the folder `language` of a home."""
GOOD_ENOUGH = 0.5
"""A model that words answers has to be right at least every second time; below it, quoting is better."""


@dataclass(slots=True)
class ModelsAtHand:
    """What a skill asks.

    Attributes:
        local: The model that comes with the product; loaded only when it is asked.
        recorder: Everything that was asked and answered.
    """

    local: LocalModel
    catalogue: Catalogue
    router: Router
    job: str
    lessons: LessonBook | None = None
    exchanges: list[Recorder] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        settings: Mapping[str, Any],
        request: Mapping[str, Any],
        local: LocalModel,
        embedder: Embedder | None = None,
    ) -> ModelsAtHand:
        """From the host's settings ``language`` (a catalogue), ``language_home`` (a folder) and ``agent`` (a name).

        Args:
            request: The request document; the runtime puts ``account`` beside it, which names the job and its client.
            embedder: For kept answers by meaning; None is by the exact question only.

        Raises:
            LanguageSettingsInvalid: the catalogue cannot be used.
        """
        given = settings.get("language")
        catalogue = parse_catalogue(given, "AITBC_LANGUAGE") if given else default_catalogue()
        folder = Path(settings["language_home"]) if settings.get("language_home") else None
        agent = str(settings.get("agent", "agent"))
        account = request.get("account") or {}
        job = str(account.get("job") or _name_of(request))
        clock = SystemClock()
        if folder is None:
            posts = build_posts(catalogue.models, lambda entry: _bare(entry, local), clock)
            return cls(local, catalogue, Router(posts, Experience()), job)
        book = SpendingBook(folder / SPENDING, clock)
        alike = embedder if catalogue.cache_by_meaning else None
        cache = AnswerCache(AnswerBook(folder / ANSWERS, clock), catalogue.cache_seconds, alike)
        tenant = f"{agent}:{account.get('client', '')}"
        ceiling = ceiling_of(catalogue)

        def provider_of(entry: ModelEntry) -> Provider:
            return Metered(entry, _bare(entry, local), book, ceiling, agent, job, tenant, cache)

        lessons = LessonBook(folder / LESSONS, clock)
        experience = Experience.of_lessons(lessons.all())
        return cls(
            local, catalogue, Router(build_posts(catalogue.models, provider_of, clock), experience), job, lessons
        )

    def prompt(self, name: str) -> Prompt:
        """The prompt of that name: the version that this job gets of those on trial, else the newest."""
        trial = self.catalogue.prompts.get(name, ())
        return load_prompt(name, choose_version(name, trial, self.job, self.router.experience.prompts()))

    def for_task(self, need: Need, purpose: str) -> Recorder:
        """A provider for one need, with everything recorded under a purpose."""
        recorder = Recorder(self.router.for_task(need), purpose)
        self.exchanges.append(recorder)
        return recorder

    @property
    def trace(self) -> list[dict[str, Any]]:
        return [entry for recorder in self.exchanges for entry in recorder.trace()]

    def evidence(self) -> dict[str, Any]:
        """Who was asked, why, and what it cost."""
        replies = [exchange.reply for recorder in self.exchanges for exchange in recorder.exchanges]
        return {
            "models_asked": [reply.model for reply in replies],
            "routing": self.router.explanations,
            "tokens": [sum(reply.usage.prompt_tokens for reply in replies),
                       sum(reply.usage.completion_tokens for reply in replies)],
            "cost_usd_picos": str(sum(reply.cost_usd_picos for reply in replies)),
            "answers_kept_before": sum(reply.is_kept for reply in replies),
        }  # fmt: skip

    def remember(self) -> None:
        """Keep what was learned for the next run."""
        fresh = self.router.experience.fresh
        if self.lessons is not None and fresh:
            self.lessons.add(self.job, fresh)
            fresh.clear()


def ceiling_of(catalogue: Catalogue) -> Ceiling:
    """The budgets of a catalogue in pico-dollars."""
    budget = catalogue.budget
    return Ceiling(
        int(budget.usd_per_job * PICOS_PER_USD), int(budget.usd_per_day * PICOS_PER_USD), budget.alert_percent
    )


def _bare(entry: ModelEntry, local: LocalModel) -> Provider:
    return local if entry.kind == "local" else RemoteModel(entry)


def _name_of(request: Mapping[str, Any]) -> str:
    """What stands for a job that nobody named."""
    told = {"input": request.get("input"), "note": request.get("note")}
    return hashlib.sha256(canonical_json(told)).hexdigest()
