"""Skills that take from a document what is in it: `summarise`, `extract-fields`, `classify`.

All three quote. What a value looks like (a number, a date, an amount) is decided by patterns, which sentence belongs to
a field or a label by retrieval; a model is not needed for either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.knowledge.passages import Span
from agents_offchain.skills.llm.library import Library

Kind = Literal["text", "number", "percent", "amount", "date", "email", "address"]
LEAST_NEARNESS, LEAST_WITH_PATTERN = 0.25, 0.12
"""A sentence below this says nothing about a field; less is enough where the value has a form of its own."""
REPEATED = 0.85
"""A sentence this near to one already chosen adds nothing to a summary."""
CLOSE_CALL = 0.02
"""Labels whose scores differ by less are not told apart; either is right."""
_CURRENCY = r"(?:USD|EUR|GBP|CHF|tUSD|dollars?|euros?|[$€£])"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
PATTERNS: Mapping[Kind, re.Pattern[str]] = {
    "number": re.compile(_NUMBER),
    "percent": re.compile(rf"(?:{_NUMBER})\s?(?:%|percent)"),
    "amount": re.compile(rf"{_CURRENCY}\s?(?:{_NUMBER})|(?:{_NUMBER})\s?{_CURRENCY}", re.IGNORECASE),
    "date": re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}\.?\s{_MONTH}\s\d{{4}}|{_MONTH}\s\d{{1,2}},\s\d{{4}}"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "address": re.compile(r"0x[0-9a-fA-F]{40}"),
}


def all_sentences(library: Library) -> list[Span]:
    """Every sentence of a document, in order."""
    return [span for passage in library.passages for span in passage.sentences]


def summarise(library: Library, embedder: Embedder, count: int) -> list[Span]:
    """The sentences nearest to the whole, none of them twice, in the document's order."""
    spans = all_sentences(library)
    vectors = embedder.embed([library.read(span) for span in spans])
    if not spans:
        return []
    order = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")
    chosen: list[int] = []
    for index in order:
        if len(chosen) < count and all(float(vectors[index] @ vectors[other]) < REPEATED for other in chosen):
            chosen.append(int(index))
    return [spans[index] for index in sorted(chosen)]


def extract_field(library: Library, name: str, description: str, kind: Kind) -> tuple[str, Span] | None:
    """A field's value with the sentence that has it; None when no near sentence has one."""
    question = f"{name.replace('_', ' ')}: {description}" if description else name.replace("_", " ")
    for candidate in library.find_sentences(question, library.find_passages(question)):
        if candidate.score < (LEAST_NEARNESS if kind in ("text", "number") else LEAST_WITH_PATTERN):
            break
        if kind == "text":
            return candidate.text, candidate.span
        found = PATTERNS[kind].search(library.source.text, candidate.span.start, candidate.span.end)
        if found:
            return found.group(0), candidate.span
    return None


def rank_labels(library: Library, embedder: Embedder, labels: Mapping[str, str]) -> list[tuple[str, float, Span]]:
    """Labels by how near the document's three nearest sentences are to their descriptions, best first."""
    spans = all_sentences(library)
    vectors = embedder.embed([library.read(span) for span in spans])
    names = sorted(labels)
    prototypes = embedder.embed([f"{name.replace('-', ' ')}: {labels[name]}" for name in names])
    ranked = []
    for name, prototype in zip(names, prototypes, strict=True):
        nearness = vectors @ prototype
        best = np.sort(nearness)[::-1][:3]
        ranked.append((name, float(best.mean()), spans[int(np.argmax(nearness))]))
    return sorted(ranked, key=lambda entry: (-entry[1], entry[0]))


def is_right_label(label: str, ranked: Sequence[tuple[str, float, Span]]) -> bool:
    """Whether a label is the best one, or too near to it to tell."""
    scores = {name: score for name, score, _ in ranked}
    return label in scores and scores[label] >= ranked[0][1] - CLOSE_CALL


def as_statement(library: Library, text: str, span: Span, **more: Any) -> dict[str, Any]:
    """A quoted sentence as the output has it."""
    return {"text": text, "origin": "quotation", "citations": [library.quote(span)], **more}
