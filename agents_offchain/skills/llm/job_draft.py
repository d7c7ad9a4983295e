"""A sentence becomes a job draft: what is wanted, for how much, until when; what was assumed, and what is missing.

"Have someone read the text in these photos by tomorrow for at most 2 dollars." Money and time are found by rules, the
service by meaning among those on offer; nothing is guessed silently. A draft is data for a person to confirm: it hires
nobody, names no wallet, and ignores addresses and amounts that are not the speaker's own words for budget and time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from agents_offchain.skills.embedding.embedder import Embedder

LEAST_NEARNESS = 0.20
LEAST_MARGIN = 0.03
"""Two services whose nearness differs by less are both offered for choice."""
_MONEY = re.compile(
    r"(?:[$€£]\s?(?P<a>\d+(?:\.\d+)?))|(?P<b>\d+(?:\.\d+)?)\s?(?:dollars?|bucks|usd|tusd|euros?|eur|cents?)\b", re.I
)
_CENTS = re.compile(r"cents?\b", re.I)
_WITHIN = re.compile(
    r"\b(?:within|in|inside)\s+(?P<count>\d+|an?|one|two|three)\s+(?P<unit>minute|hour|day|week)s?\b", re.I
)
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_QUOTED = re.compile(r"[\"“']([^\"”']{3,500})[\"”']|:\s*([^:]{3,500}\?)\s*$")
NEEDS_QUESTION = "answer-from-documents"


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
    settings: Mapping[str, str]
    budget: Decimal | None
    due_at: int | None
    assumed: tuple[str, ...]
    missing: tuple[str, ...]


def draft_job(wish: str, services: Mapping[str, str], embedder: Embedder, *, now: int, has_file: bool) -> JobDraft:
    """Understand a wish.

    Args:
        services: What is on offer, name to description.
        now: Unix seconds.
        has_file: Whether a file came along.
    """
    assumed: list[str] = []
    missing: list[str] = []
    service = _choose(wish, services, embedder, missing)
    budget = _budget(wish)
    if budget is None:
        missing.append("How much may it cost at most?")
    due_at = _due(wish, now)
    if due_at is None:
        assumed.append("No time was said: the listing's own work time holds.")
    elif due_at <= now:
        missing.append("The time lies in the past: until when is it wanted?")
    if not has_file:
        missing.append("Which file shall be worked on?")
    settings = _settings(wish, service, missing)
    return JobDraft(service, settings, budget, due_at, tuple(assumed), tuple(missing))


def _choose(wish: str, services: Mapping[str, str], embedder: Embedder, missing: list[str]) -> str | None:
    names = sorted(services)
    if not names:
        missing.append("Nothing is on offer now.")
        return None
    told = _MONEY.sub("", wish)
    nearness = (
        embedder.embed([f"{name.replace('-', ' ')}: {services[name]}" for name in names]) @ embedder.embed([told])[0]
    )
    ranked = sorted(zip(names, (float(value) for value in nearness), strict=True), key=lambda one: (-one[1], one[0]))
    if ranked[0][1] < LEAST_NEARNESS:
        missing.append(f"What shall be done? On offer: {', '.join(names)}.")
        return None
    close = [name for name, value in ranked if value >= ranked[0][1] - LEAST_MARGIN]
    if len(close) > 1:
        missing.append(f"Which of these is meant: {', '.join(close)}?")
    return ranked[0][0]


def _budget(wish: str) -> Decimal | None:
    """The largest sum that is called one; cents are hundredths."""
    sums = []
    for match in _MONEY.finditer(wish):
        amount = Decimal(match["a"] or match["b"])
        sums.append(amount / 100 if _CENTS.search(match.group(0)) else amount)
    return max(sums) if sums else None


def _due(wish: str, now: int) -> int | None:
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


def _settings(wish: str, service: str | None, missing: list[str]) -> dict[str, str]:
    if service != NEEDS_QUESTION:
        return {}
    quoted = _QUOTED.search(wish)
    if quoted:
        return {"question": (quoted[1] or quoted[2]).strip()}
    missing.append("Which question shall be answered?")
    return {}
