"""A sentence becomes a job draft: what is wanted, for how much, until when; what was assumed, and what is missing.

"Have someone read the text in these photos by tomorrow for at most 2 dollars." Money and time are found by rules, the
service by meaning among those on offer; nothing is guessed silently. A draft is data for a person to confirm: it hires
nobody, names no wallet, and ignores addresses and amounts that are not the speaker's own words for budget and time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.prompts.prompt import load_prompt
from agents_offchain.skills.llm.structured import ask_for_json

LEAST_NEARNESS = 0.20
MOST_EXAMPLES = 3
"""Earlier wishes that a model is shown with what was hired for them."""
LEAST_MARGIN = 0.03
"""Two services whose nearness differs by less are both offered for choice."""
_MONEY = re.compile(
    r"(?:[$€£]\s?(?P<a>\d+(?:\.\d+)?))|(?P<b>\d+(?:\.\d+)?)\s?(?:dollars?|bucks|usd|tusd|euros?|eur|cents?)\b", re.I
)
_CENTS = re.compile(r"cents?\b", re.I)
_WITHIN = re.compile(
    r"\b(?:within|in|inside)\s+(?P<count>\d+|an?|one|two|three)\s+(?P<unit>minute|hour|day|week)s?\b", re.I
)
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_QUOTED = re.compile(r"[\"“']([^\"”']{3,500})[\"”']|:\s*([^:]{3,500}\?)\s*$")
_SENTENCES = re.compile(r"\b([1-8]|one|two|three|four|five)\s+sentences?\b", re.I)
_INTO = re.compile(r"\b(?:into|to|in) (English|German|French|Spanish|Italian|[A-Z][a-z]{2,24})\b")
_FIELDS = re.compile(
    r"\b(?:(?:due|invoice|issue|delivery|total|net|order) )?"
    r"(?:date|deadline|amount|total|sum|price|e-?mail|percentage|rate|number|sender|name)s?\b",
    re.I,
)
_KINDS = {
    "date": ("date", "deadline"),
    "amount": ("amount", "total", "sum", "price"),
    "email": ("mail",),
    "percent": ("percentage", "rate"),
}
NEEDS_QUESTION = "answer-from-documents"
NEEDED = {
    NEEDS_QUESTION: "Which question shall be answered?",
    "translate": "Into which language?",
    "classify": "Which labels are there, and what does each mean?",
    "extract-fields": "Which fields are wanted?",
    "judge": "Which points shall be fulfilled?",
}
"""Services that cannot begin without being told something, and how it is asked for."""


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What was understood.

    Attributes:
        service: The best service; None when none is near.
        budget: Most that may be paid, whole tokens as a decimal.
        due_at: Unix seconds.
        assumed: Sentences about what was not said and is taken for granted.
        missing: Questions to the speaker; empty for a draft that can be confirmed.
    """

    service: str | None
    settings: Mapping[str, Any]
    budget: Decimal | None
    due_at: int | None
    assumed: tuple[str, ...]
    missing: tuple[str, ...]


def draft_job(
    wish: str,
    services: Mapping[str, str],
    embedder: Embedder,
    *,
    now: int,
    has_file: bool,
    told: Mapping[str, Any] | None = None,
    examples: Sequence[tuple[str, str]] = (),
    model: Provider | None = None,
) -> JobDraft:
    """Understand a wish.

    Args:
        services: What is on offer, name to description.
        now: Unix seconds.
        has_file: Whether a file came along.
        told: Settings that were said besides, such as labels; they hold.
        examples: Earlier wishes with the service that was hired for them; what is near to one means the same.
        model: Asked which service is meant when nearness does not tell; None asks the speaker instead.
    """
    service, unclear = choose_service(wish, services, embedder, examples, model)
    settings = dict(told or {}) or read_settings_of(wish, service)
    return write_draft(service, unclear, settings, read_budget(wish), read_due(wish, now), has_file=has_file, now=now)


def write_draft(
    service: str | None,
    unclear: str,
    settings: Mapping[str, Any],
    budget: Decimal | None,
    due_at: int | None,
    *,
    has_file: bool,
    now: int,
) -> JobDraft:
    """What was understood, with what follows from it: what is taken for granted, and what is asked back.

    Args:
        unclear: The question that is left about the service; empty for none.
    """
    asked = {
        unclear: bool(unclear),
        "How much may it cost at most?": budget is None,
        "The time lies in the past: until when is it wanted?": due_at is not None and due_at <= now,
        "Which file shall be worked on?": not has_file,
        NEEDED.get(service or "", ""): service in NEEDED and not settings,
    }
    assumed = () if due_at is not None else ("No time was said: the listing's own work time holds.",)
    missing = tuple(question for question, is_missing in asked.items() if is_missing)
    return JobDraft(service, settings, budget, due_at, assumed, missing)


def rank_services(
    wish: str, services: Mapping[str, str], embedder: Embedder, examples: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, float]]:
    """Services by nearness to a wish, in [-1, 1], best first: to their descriptions, and to wishes that meant them."""
    names = sorted(services)
    told = embedder.embed([_MONEY.sub("", wish)])[0]
    described = embedder.embed([f"{name.replace('-', ' ')}: {services[name]}" for name in names]) @ told
    nearness = dict(zip(names, (float(value) for value in described), strict=True))
    known = [(text, name) for text, name in examples if name in services]
    alike = embedder.embed([_MONEY.sub("", text) for text, _ in known]) @ told
    for (_, name), value in zip(known, alike, strict=True):
        nearness[name] = max(nearness[name], float(value))
    return sorted(nearness.items(), key=lambda one: (-one[1], one[0]))


def nearest_wishes(
    wish: str, examples: Sequence[tuple[str, str]], embedder: Embedder, most: int
) -> list[tuple[str, str]]:
    """Earlier wishes with what was hired for them, the nearest last, as a model reads them best."""
    if not examples:
        return []
    nearness = embedder.embed([text for text, _ in examples]) @ embedder.embed([wish])[0]
    return [examples[int(place)] for place in nearness.argsort(kind="stable")[-most:]]


def choose_service(
    wish: str,
    services: Mapping[str, str],
    embedder: Embedder,
    examples: Sequence[tuple[str, str]] = (),
    model: Provider | None = None,
    context: str = "",
) -> tuple[str | None, str]:
    """The service that is meant, None when none is near, and the question that is left about it, empty for none.

    Args:
        context: What the model is shown in place of the wish, such as a conversation; empty for the wish.
    """
    if not services:
        return None, "Nothing is on offer now."
    ranked = rank_services(wish, services, embedder, examples)
    close = [name for name, value in ranked if value >= ranked[0][1] - LEAST_MARGIN]
    is_sure = ranked[0][1] >= LEAST_NEARNESS and len(close) == 1
    named = (
        None
        if is_sure or model is None
        else _ask_model(context or wish, services, model, nearest_wishes(wish, examples, embedder, MOST_EXAMPLES))
    )
    if named is not None:
        return named, ""
    if ranked[0][1] < LEAST_NEARNESS:
        return None, f"What shall be done? On offer: {', '.join(sorted(services))}."
    return ranked[0][0], f"Which of these is meant: {', '.join(close)}?" if len(close) > 1 else ""


def _ask_model(
    wish: str, services: Mapping[str, str], model: Provider, examples: Sequence[tuple[str, str]]
) -> str | None:
    """What a model says is meant, if it is on offer; None when it cannot tell or is not there."""
    told = "\n".join(f"{name}: {services[name]}" for name in sorted(services))
    try:
        prompt = load_prompt("draft-job").shown(
            [({"services": told, "wish": text}, {"service": name}) for text, name in examples]
        )
        data = ask_for_json(model, prompt, {"services": told, "wish": wish})
    except (Refused, Retryable):  # the speaker is asked instead
        return None
    return str(data["service"]) if data["service"] in services else None


def read_budget(wish: str) -> Decimal | None:
    """The largest sum that is called one; cents are hundredths."""
    sums = []
    for match in _MONEY.finditer(wish):
        amount = Decimal(match["a"] or match["b"])
        sums.append(amount / 100 if _CENTS.search(match.group(0)) else amount)
    return max(sums) if sums else None


def read_due(wish: str, now: int) -> int | None:
    """The end of the time that was said, in UTC."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=23, minute=59, second=59, microsecond=0)
    said = wish.casefold()
    within = _WITHIN.search(said)
    if within:
        count = _WORDS.get(within["count"]) or int(within["count"])
        return now + count * _UNITS[within["unit"]]
    date = _DATE.search(said)
    if date:
        try:
            return int(datetime(int(date[1]), int(date[2]), int(date[3]), 23, 59, 59, tzinfo=UTC).timestamp())
        except ValueError:
            return None
    for word, days in (("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)):
        if word in said:
            return int((today + timedelta(days=days)).timestamp())
    for number, name in enumerate(_DAYS):
        if name in said:
            return int((today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)).timestamp())
    return None


def read_settings_of(wish: str, service: str | None) -> dict[str, Any]:
    """What words say of a service's settings; empty for nothing."""
    fields = list(dict.fromkeys(found[0].lower() for found in _FIELDS.finditer(wish)))
    if service == "extract-fields" and fields:
        return {"fields": [_field(words) for words in fields]}
    quoted, count, language = _QUOTED.search(wish), _SENTENCES.search(wish), _INTO.search(wish)
    if service == NEEDS_QUESTION and quoted:
        return {"question": (quoted[1] or quoted[2]).strip()}
    if service == "summarise" and count:
        return {"sentences": _WORDS.get(count[1].lower()) or int(count[1])}
    if service == "translate" and language:
        return {"language": language[1]}
    return {}


def _field(words: str) -> dict[str, str]:
    """A field by the words for it: its kind follows from its last word."""
    last = words.split()[-1]
    kind = next((kind for kind, signs in _KINDS.items() if any(sign in last for sign in signs)), "text")
    return {"name": re.sub(r"[^a-z0-9]+", "_", words), "kind": kind}
