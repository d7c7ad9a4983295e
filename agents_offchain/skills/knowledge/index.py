"""Find passages by word and by meaning, and let the two rankings vote.

Source of the vote: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet", 2009 (k = 60).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents_offchain.skills.embedding.embedder import Embedder, Vectors
from agents_offchain.skills.knowledge.bm25 import Bm25

FUSION_K = 60
CANDIDATES = 50
"""How deep each ranking is read before they vote."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found.

    Attributes:
        index: Its number in the order the texts were handed in.
        score: The fused score; only its order means something.
        similarity: Cosine of text and query, in [-1, 1].
    """

    index: int
    score: float
    similarity: float


class HybridIndex:
    """Texts with their vectors.

    Args:
        texts: What is searched.
        vectors: One row for each text, of the same embedder.
    """

    def __init__(self, texts: Sequence[str], vectors: Vectors, embedder: Embedder) -> None:
        if len(texts) != len(vectors):
            raise ValueError(f"{len(texts)} texts and {len(vectors)} vectors were handed in")
        self._words = Bm25(texts)
        self._vectors = vectors
        self._embedder = embedder

    @classmethod
    def of(cls, texts: Sequence[str], embedder: Embedder) -> HybridIndex:
        """An index of texts whose vectors are made now."""
        return cls(texts, embedder.embed(texts), embedder)

    def weight(self, word: str) -> float:
        """How rare a stem is among the texts; larger is rarer."""
        return self._words.weight(word)

    def search(self, query: str, count: int) -> list[Hit]:
        """At most `count` texts, best first; ties go to the earlier text."""
        if not len(self._vectors):
            return []
        similarities = self._vectors @ self._embedder.embed([query])[0]
        words = self._words.score(query)
        by_words = [index for index in _top(words, CANDIDATES) if words[index] > 0]
        fused: dict[int, float] = {}
        for ranking in (by_words, _top(similarities, CANDIDATES)):
            for rank, index in enumerate(ranking, start=1):
                fused[index] = fused.get(index, 0.0) + 1 / (FUSION_K + rank)
        best = sorted(fused, key=lambda index: (-fused[index], index))[:count]
        return [Hit(index, fused[index], float(similarities[index])) for index in best]


def _top(scores: npt.NDArray[np.float32], count: int) -> list[int]:
    """Indices of the largest, best first."""
    chosen = np.argpartition(-scores, count)[:count] if len(scores) > count else np.arange(len(scores))
    ordered = chosen[np.lexsort((chosen, -scores[chosen]))]
    return [int(index) for index in ordered]
