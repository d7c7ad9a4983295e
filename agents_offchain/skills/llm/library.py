"""One document, ready to be asked: its text, its passages, and what was found for a question, with exact places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.knowledge.index import HybridIndex
from agents_offchain.skills.knowledge.instructions import speaks_to_machine
from agents_offchain.skills.knowledge.passages import Passage, Span, clean, cut_passages
from agents_offchain.skills.knowledge.source import SourceText, read_source
from agents_offchain.skills.knowledge.words import content_stems

PASSAGES_READ = 5
"""How many passages are looked at for one question."""


MEANING_SHARE = 0.6
"""Of the score; the rest is the share of words. Chosen with the question set of `evaluation/language` in view."""
ORDER_PENALTY = 0.3
"""What an order to the reader's machine loses against a sentence about the subject."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer a question.

    Attributes:
        similarity: Cosine of sentence and question, in [-1, 1].
        overlap: Share of the question's words, weighed by rarity, that the sentence or its heading has, in [0, 1].
    """

    span: Span
    text: str
    passage: int
    similarity: float
    overlap: float

    @property
    def score(self) -> float:
        nearness = MEANING_SHARE * self.similarity + (1 - MEANING_SHARE) * self.overlap
        return nearness - ORDER_PENALTY if speaks_to_machine(self.text) else nearness


class Library:
    """A document that can be searched.

    Args:
        data: The file's bytes.

    Raises:
        DocumentRefused: it cannot be read.
    """

    def __init__(self, data: bytes, embedder: Embedder) -> None:
        self.source: SourceText = read_source(data)
        self.passages: tuple[Passage, ...] = cut_passages(self.source.text)
        self._embedder = embedder
        self._index = HybridIndex.of([self._searchable(passage) for passage in self.passages], embedder)

    def facts(self) -> dict[str, Any]:
        """What identifies the document and its text."""
        source = self.source
        return {
            "sha256": source.sha256,
            "text_sha256": source.text_sha256,
            "media_type": source.media_type,
            "pages": len(source.page_starts),
            "characters": len(source.text),
            "reader": source.reader,
        }

    def find_passages(self, question: str, count: int = PASSAGES_READ) -> list[int]:
        """Numbers of the passages that fit a question best, best first."""
        return [hit.index for hit in self._index.search(question, count)]

    def find_sentences(self, question: str, passages: Iterable[int]) -> list[Candidate]:
        """The sentences of these passages, best first for the question; ties go to the earlier one."""
        places = [(number, span) for number in passages for span in self.passages[number].sentences]
        texts = [self.read(span) for _, span in places]
        if not texts:
            return []
        similarities = self._embedder.embed(texts) @ self._embedder.embed([question])[0]
        wanted = set(content_stems(question))
        found = [
            Candidate(span, text, number, float(similarity), self._overlap(wanted, text, number))
            for (number, span), text, similarity in zip(places, texts, similarities, strict=True)
        ]
        return sorted(found, key=lambda candidate: (-candidate.score, candidate.span.start))

    def read(self, span: Span) -> str:
        """A span's words, for reading."""
        return clean(self.source.text[span.start : span.end])

    def quote(self, span: Span) -> dict[str, Any]:
        """A citation: the span, its page, and its exact characters."""
        return {
            "start": span.start,
            "end": span.end,
            "page": self.source.page_at(span.start),
            "quote": self.source.text[span.start : span.end],
        }

    def _overlap(self, wanted: set[str], text: str, number: int) -> float:
        weights = {word: self._index.weight(word) for word in wanted}
        total = sum(weights.values())
        held = set(content_stems(text)) | set(content_stems(self.passages[number].heading))
        return sum(weights[word] for word in wanted & held) / total if total else 0.0

    def _searchable(self, passage: Passage) -> str:
        return f"{passage.heading}\n{self.read(passage.span)}"
