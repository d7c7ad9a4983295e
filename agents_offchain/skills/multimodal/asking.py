"""The host's language models as proposers of programs; imported only where the host has turned that on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.models_at_hand import GOOD_ENOUGH, ModelsAtHand
from agents_offchain.skills.llm.router import Need
from agents_offchain.skills.multimodal.proposing import PROMPT, ModelProposer
from agents_offchain.skills.vision.services import WorkerSettings


def models_of(host: WorkerSettings, settings: Mapping[str, Any], request: Mapping[str, Any]) -> ModelsAtHand:
    """The models of this machine with their budgets; nothing is loaded before it is asked.

    Raises:
        LanguageSettingsInvalid: the host's list of models cannot be used.
    """
    server = str(settings.get("language_server", ""))
    return ModelsAtHand.of(settings, request, LocalModel(host.models_dir, host.threads, server_url=server))


def propose_with(models: ModelsAtHand, labels: Sequence[str]) -> ModelProposer:
    """The best model for it; one that is wrong more often than not is not asked."""
    recorder = models.for_task(Need("reason", least_quality=GOOD_ENOUGH), "propose")
    return ModelProposer(recorder, models.prompt(PROMPT), labels)
