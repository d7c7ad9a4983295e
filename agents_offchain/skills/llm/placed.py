"""Verdicts by a rubric, each with the place in the text that shows it; and what a reporter's worker checks of them.

A point counts as fulfilled only with a quotation that stands in the text. Whether a point is rightly said to be *not*
fulfilled no rule here can tell; that is said, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents_offchain.skills.knowledge.passages import Span
from agents_offchain.skills.llm.library import Library

RULE = "placed-verdicts/1"
SENTENCES_NEAR = 6
"""A quotation shows a point when it holds, or lies in, one of this many sentences nearest to it."""
PASSAGES_NEAR = 8
LEAST_CHARACTERS = 8


def place_verdicts(
    verdicts: Sequence[Mapping[str, Any]], rubric: Sequence[str], library: Library
) -> list[dict[str, Any]]:
    """A model's verdicts, one for each point; without a quotation in the text a point is not fulfilled."""
    placed = []
    for number, point in enumerate(rubric):
        said = verdicts[number] if number < len(verdicts) else {"fulfilled": False, "reason": "No verdict was given."}
        span = find_quote(str(said.get("quote", "")), library) if said["fulfilled"] is True else None
        reason = str(said["reason"])
        if said["fulfilled"] is True and span is None:
            reason = f"No quotation of the text shows it. The model said: {reason}"[:600]
        cited = [library.quote(span)] if span is not None else []
        placed.append({"point": point, "fulfilled": bool(cited), "reason": reason, "citations": cited})
    return placed


def share_fulfilled(verdicts: Sequence[Mapping[str, Any]]) -> int:
    """Points fulfilled of a hundred, rounded down."""
    return 100 * sum(verdict["fulfilled"] is True for verdict in verdicts) // max(len(verdicts), 1)


def find_quote(quote: str, library: Library) -> Span | None:
    """Where words stand in the text, white space apart; None for words that do not, or too few."""
    words = quote.split()
    if len(" ".join(words)) < LEAST_CHARACTERS:
        return None
    found = re.search(r"\s+".join(re.escape(word) for word in words), library.source.text)
    return Span(found.start(), found.end()) if found else None


def check_verdicts(rubric: Sequence[str], claimed: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """The facts about claimed verdicts.

    Returns:
        ``can_tell``: false when no point is said to be fulfilled. ``is_rubric``: the client's points in order.
        ``wrong_spans``, ``far``: numbers of verdicts whose quotation stands elsewhere, or is not near the point;
        ``unplaced``: fulfilled without one; ``is_score``; ``not_judged``: points said not to be fulfilled.
    """
    verdicts: Sequence[Mapping[str, Any]] = claimed["verdicts"]
    fulfilled = [number for number, verdict in enumerate(verdicts) if verdict["fulfilled"]]
    return {
        "can_tell": bool(fulfilled),
        "is_rubric": [verdict["point"] for verdict in verdicts] == list(rubric),
        "wrong_spans": [number for number in fulfilled if not _is_placed(verdicts[number], library)],
        "unplaced": [number for number in fulfilled if not verdicts[number]["citations"]],
        "far": [number for number in fulfilled if not _is_near(verdicts[number], library)],
        "is_score": claimed["score"] == share_fulfilled(verdicts),
        "not_judged": [number for number in range(len(verdicts)) if number not in fulfilled],
        "rule": RULE,
    }


def _is_placed(verdict: Mapping[str, Any], library: Library) -> bool:
    source = library.source
    return all(
        0 <= cited["start"] < cited["end"] <= len(source.text)
        and cited["end"] - cited["start"] >= LEAST_CHARACTERS
        and source.text[cited["start"] : cited["end"]] == cited["quote"]
        and source.page_at(cited["start"]) == cited["page"]
        for cited in verdict["citations"]
    )


def _is_near(verdict: Mapping[str, Any], library: Library) -> bool:
    point = str(verdict["point"])
    near = library.find_sentences(point, library.find_passages(point, PASSAGES_NEAR))[:SENTENCES_NEAR]
    return any(
        cited["start"] < one.span.end and one.span.start < cited["end"]
        for cited in verdict["citations"]
        for one in near
    )
