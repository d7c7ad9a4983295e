"""Many documents searched at once; what is found is cited by document, version, page and exact characters.

In: kept documents and passages with their vectors. Out: `Found`, best first. Nothing is read from outside.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents_offchain.skills.embedding.embedder import DIMENSIONS, Embedder
from agents_offchain.skills.knowledge.index import HybridIndex
from agents_offchain.skills.knowledge.instructions import speaks_to_machine
from agents_offchain.skills.knowledge.passages import clean, cut_passages
from agents_offchain.skills.knowledge.source import read_source
from agents_offchain.storage.knowledge import KeptDocument, KeptPassage

PASSAGES_FOUND = 5


@dataclass(frozen=True, slots=True)
class Found:
    """One passage.

    Attributes:
        similarity: Cosine of passage and question, in [-1, 1].
        is_order: It speaks to a machine instead of about its subject; shown, never followed.
    """

    document: str
    version: int
    page: int
    start: int
    end: int
    quote: str
    heading: str
    similarity: float
    is_order: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "version": self.version,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "heading": self.heading,
            "similarity": round(self.similarity, 4),
            "is_order": self.is_order,
        }


def prepare(name: str, data: bytes, embedder: Embedder) -> tuple[KeptDocument, list[KeptPassage]]:
    """Read, cut and embed a document for a shelf.

    Raises:
        DocumentRefused: it cannot be read.
    """
    source = read_source(data)
    pieces = cut_passages(source.text)
    vectors = embedder.embed(
        [_searchable(piece.heading, source.text[piece.span.start : piece.span.end]) for piece in pieces]
    )
    kept = [
        KeptPassage(name, 0, number, piece.span.start, piece.span.end, piece.heading, vector.tobytes())
        for number, (piece, vector) in enumerate(zip(pieces, vectors, strict=True))
    ]
    document = KeptDocument(
        name,
        0,
        source.sha256,
        source.text_sha256,
        source.media_type,
        source.reader,
        source.page_starts,
        source.text,
        embedder.name,
    )
    return document, kept


class Shelf:
    """The present versions of one shelf, ready to be searched.

    Args:
        documents: Those whose passages are handed in; vectors of another embedder are left out.
    """

    def __init__(self, documents: Sequence[KeptDocument], passages: Sequence[KeptPassage], embedder: Embedder) -> None:
        self._documents: Mapping[str, KeptDocument] = {
            document.name: document for document in documents if document.embedder == embedder.name
        }
        self._passages = [piece for piece in passages if piece.name in self._documents]
        vectors = np.frombuffer(b"".join(piece.vector for piece in self._passages), dtype=np.float32)
        texts = [_searchable(piece.heading, self._text(piece)) for piece in self._passages]
        self._index = HybridIndex(texts, vectors.reshape(-1, DIMENSIONS), embedder)

    def search(self, question: str, count: int = PASSAGES_FOUND) -> list[Found]:
        """The passages that fit a question best, best first."""
        return [self._cite(self._passages[hit.index], hit.similarity) for hit in self._index.search(question, count)]

    def _cite(self, piece: KeptPassage, similarity: float) -> Found:
        quote = self._text(piece)
        starts = self._documents[piece.name].page_starts
        return Found(
            piece.name,
            piece.version,
            bisect.bisect_right(starts, piece.start),
            piece.start,
            piece.end,
            quote,
            piece.heading,
            similarity,
            speaks_to_machine(quote),
        )

    def _text(self, piece: KeptPassage) -> str:
        return self._documents[piece.name].text[piece.start : piece.end]


def _searchable(heading: str, text: str) -> str:
    return f"{heading}\n{clean(text)}"
