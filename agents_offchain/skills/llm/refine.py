"""A job draft over many turns: each thing as it was said last, what nobody said is asked back again.

Times are read as of the moment they were said ("tomorrow" of yesterday is today). Rules read every turn, however old;
only a model, when one is asked, sees no more than a memory's context.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.job_draft import (
    JobDraft,
    choose_service,
    read_budget,
    read_due,
    read_settings_of,
    write_draft,
)

_LANGUAGE = re.compile(r"\b(English|German|French|Spanish|Italian)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,.;:!?\n]")
_REFUSAL = re.compile(r"\b(not|don't|never|without|no|instead of|rather than)\b")
_LABEL = re.compile(r"\b([a-z][a-z0-9-]{0,39})\s*:\s*([^;:]{3,200})(?=;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the user; `at` in unix seconds, `settings` and `service` as options said them."""

    text: str
    at: int
    has_file: bool = False
    service: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def refine_job(
    said: Sequence[Said],
    services: Mapping[str, str],
    embedder: Embedder,
    *,
    now: int,
    examples: Sequence[tuple[str, str]] = (),
    model: Provider | None = None,
    context: str = "",
) -> JobDraft:
    """The draft after all turns.

    Args:
        said: The user's turns, oldest first; at least one.
        context: What a model is shown in place of the wish; empty for the wish itself.
    """
    names = (turn.service or _named(turn.text, services) for turn in reversed(said))
    service, unclear = next((name for name in names if name), None), ""
    if service is None:
        service, unclear = choose_service(said[0].text, services, embedder, examples, model, context)
    settings = dict(said[0].settings) or read_settings_of(said[0].text, service)
    for turn in said[1:]:
        settings = {**settings, **turn.settings} if turn.settings else _settings(service, turn.text) or settings
    budgets = [budget for turn in said if (budget := read_budget(turn.text)) is not None]
    times = [due_at for turn in said if (due_at := read_due(turn.text, turn.at)) is not None]
    return write_draft(
        service,
        unclear,
        settings,
        budgets[-1] if budgets else None,
        times[-1] if times else None,
        has_file=any(turn.has_file for turn in said),
        now=now,
    )


def _settings(service: str | None, text: str) -> dict[str, Any]:
    """What a turn says of the service's settings, also as a bare answer to what was asked."""
    found = read_settings_of(text, service)
    if found or service is None:
        return found
    language, labels = _LANGUAGE.search(text), _LABEL.findall(text)
    if service == "answer-from-documents" and text.strip().endswith("?"):
        return {"question": text.strip()[:500]}
    if service == "translate" and language:
        return {"language": language[1].capitalize()}
    if service == "classify" and len(labels) > 1:
        return {"labels": {name.lower(): meaning.strip() for name, meaning in labels}}
    if service == "judge" and ";" in text:
        return {"rubric": [point.strip()[:200] for point in text.split(";") if point.strip()][:12]}
    return {}


def _named(text: str, services: Mapping[str, str]) -> str | None:
    """The one service whose very name was said and not refused; names are everyday words, so two say nothing."""
    said = text.casefold().replace("’", "'")
    named = {
        name
        for name in services
        for found in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said)
        if not _REFUSAL.search(_CLAUSE_END.split(said[: found.start()])[-1])
    }
    return named.pop() if len(named) == 1 else None
