"""A job draft over many turns: each thing as it was said last, what nobody said is asked back again.

Times are read as of the moment they were said ("tomorrow" of yesterday is today). Rules read every turn, however old;
only a model, when one is asked, sees no more than a memory's context.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.job_draft import NEEDED, JobDraft, draft_job, read_budget, read_due, read_settings_of

_LANGUAGE = re.compile(r"\b(English|German|French|Spanish|Italian)\b", re.IGNORECASE)
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
    named = next(
        (
            turn.service or _named(turn.text, services)
            for turn in reversed(said)
            if turn.service or _named(turn.text, services)
        ),
        None,
    )
    offered = services if named is None else {named: services.get(named, named)}
    pairs = [*examples, *([(said[0].text, named)] if named else [])]
    told: dict[str, Any] = {}
    for turn in said:
        told.update(turn.settings)
    draft = draft_job(
        said[0].text,
        offered,
        embedder,
        now=now,
        has_file=any(turn.has_file for turn in said),
        told=told,
        examples=pairs,
        model=model,
        context=context,
    )
    for turn in said[1:]:
        draft = _overlaid(draft, turn, now)
    return draft


def _overlaid(draft: JobDraft, turn: Said, now: int) -> JobDraft:
    """What a later turn says in place of what was said before."""
    missing, assumed = list(draft.missing), list(draft.assumed)
    budget, due_at = read_budget(turn.text), read_due(turn.text, turn.at)
    if budget is not None:
        missing = [one for one in missing if "cost at most" not in one]
    if due_at is not None:
        assumed = [one for one in assumed if "No time was said" not in one]
        missing = [one for one in missing if "lies in the past" not in one]
        missing += ["The time lies in the past: until when is it wanted?"] if due_at <= now else []
    settings = dict(draft.settings) if turn.settings else (_settings(draft.service, turn.text) or dict(draft.settings))
    if settings and draft.service in NEEDED:
        missing = [one for one in missing if one != NEEDED[draft.service]]
    return replace(
        draft,
        budget=draft.budget if budget is None else budget,
        due_at=draft.due_at if due_at is None else due_at,
        settings=settings,
        missing=tuple(missing),
        assumed=tuple(assumed),
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
    """The service whose very name was said."""
    said = text.casefold()
    return next((name for name in sorted(services) if re.search(rf"\b{re.escape(name)}\b", said)), None)
