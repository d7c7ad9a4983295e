"""The models of one worker run, put together from the host's settings: router, purse, cache, what was learned."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.skills.llm.catalogue import Catalogue, ModelEntry, default_catalogue, parse_catalogue
from agents_offchain.skills.llm.chat import PICOS_PER_USD, Provider
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.metered import Metered
from agents_offchain.skills.llm.remote import RemoteModel
from agents_offchain.skills.llm.replay import Recorder
from agents_offchain.skills.llm.router import Need, Router, build_posts
from agents_offchain.storage.spending import Ceiling, SpendingBook

EXPERIENCE, SPENDING = "experience.json", "spending.db"
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
    folder: Path | None
    exchanges: list[Recorder] = field(default_factory=list)

    @classmethod
    def of(cls, settings: Mapping[str, Any], request: Mapping[str, Any], local: LocalModel) -> ModelsAtHand:
        """From the host's settings ``language`` (a catalogue), ``language_home`` (a folder) and ``agent`` (a name).

        Raises:
            LanguageSettingsInvalid: the catalogue cannot be used.
        """
        given = settings.get("language")
        catalogue = parse_catalogue(given, "AITBC_LANGUAGE") if given else default_catalogue()
        folder = Path(settings["language_home"]) if settings.get("language_home") else None
        job = hashlib.sha256(canonical_json({"input": request.get("input"), "note": request.get("note")})).hexdigest()
        agent = str(settings.get("agent", "agent"))

        def provider_of(entry: ModelEntry) -> Provider:
            if entry.kind == "local":
                return local
            if folder is None:
                return RemoteModel(entry)
            book = SpendingBook(folder / SPENDING, SystemClock())
            return Metered(entry, RemoteModel(entry), book, _ceiling(catalogue), agent, job, tenant=agent)

        posts = build_posts(catalogue.models, provider_of, SystemClock())
        return cls(local, catalogue, Router(posts, Experience(_remembered(folder))), folder)

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
        }  # fmt: skip

    def remember(self) -> None:
        """Keep what was learned for the next run; a whole file or the old one."""
        if self.folder is None or not self.router.explanations:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{EXPERIENCE}.{os.getpid()}"
        draft.write_text(json.dumps(self.router.experience.state()))
        draft.replace(self.folder / EXPERIENCE)


def _ceiling(catalogue: Catalogue) -> Ceiling:
    budget = catalogue.budget
    return Ceiling(
        int(budget.usd_per_job * PICOS_PER_USD), int(budget.usd_per_day * PICOS_PER_USD), budget.alert_percent
    )


def _remembered(folder: Path | None) -> dict[str, dict[str, Any]]:
    """What earlier runs learned; nothing when there is no readable file."""
    try:
        state = json.loads((folder / EXPERIENCE).read_text()) if folder is not None else {}
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}
