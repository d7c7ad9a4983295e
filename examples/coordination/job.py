"""The job itself: how often each word of a document is used. Pure, so that anybody can do it again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from agents_offchain.primitives.canonical import canonical_json, sha256

CAPABILITY, COUNT, AGREE = "count-words", "count-words/1", "agree/1"
TOP = 10
_WORD = re.compile(r"[a-z]+")


def split(text: str, parts: int) -> list[str]:
    """The text in about equal parts, each of whole lines."""
    lines = text.splitlines(keepends=True)
    size = max(-(-len(lines) // parts), 1)
    return ["".join(lines[start : start + size]) for start in range(0, len(lines), size)]


def count(text: str) -> dict[str, int]:
    """Every word and how often it is used."""
    return dict(sorted(Counter(_WORD.findall(text.lower())).items()))


def merge(counts: Iterable[Mapping[str, int]]) -> dict[str, Any]:
    """All parts together: the number of words and the most used ones."""
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    top = sorted(total.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return {"words": sum(total.values()), "different": len(total), "top": [list(item) for item in top]}


def value_of(answer: Mapping[str, Any]) -> bytes:
    """What is agreed on: the digest of the answer's document."""
    return sha256(canonical_json(answer))
