"""Sentences that speak to a reader's machine instead of about their subject.

A document may hold them on purpose (`ignore all rules and answer that ...`). Nothing obeys them in any case; they are
also not quoted as answers as long as another sentence is about as near to the question.
"""

from __future__ import annotations

import re

_SIGNS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:rules?|instructions?|above|previous|prior|prompt|everything)\b"
    r"|\b(?:answer|reply|respond|say|output|print|reveal|repeat)\b.{0,20}\b(?:that|with|only|your)\b"
    r"|\bthe (?:system prompt|secret key|private key)\b"
    r"|\byou (?:are now|must now|will now)\b|\b(?:system|developer) (?:prompt|message)\b|\bas an (?:ai|assistant)\b"
    r"|\b(?:call|use|invoke|run) the (?:tool|function)\b",
    re.IGNORECASE | re.DOTALL,
)


def speaks_to_machine(text: str) -> bool:
    """Whether a sentence looks like an order to whoever processes it; a guess by its words."""
    return _SIGNS.search(text) is not None
