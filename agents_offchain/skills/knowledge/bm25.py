"""Search by words: Okapi BM25 over an inverted index in flat arrays.

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. Difference: one is added
inside the logarithm of the inverse document frequency, so that a word in every passage still counts a little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agents_offchain.skills.knowledge.words import content_stems

K1, B = 1.2, 0.75


class Bm25:
    """An index over texts that do not change; texts are numbered in the order they were handed in."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(content_stems(text)) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        mean = float(lengths.mean()) if len(texts) and lengths.any() else 1.0
        self._size = len(texts)
        self._norms = K1 * (1 - B + B * lengths / mean)
        places: dict[str, list[int]] = {}
        frequencies: dict[str, list[int]] = {}
        for index, count in enumerate(counts):
            for word, frequency in count.items():
                places.setdefault(word, []).append(index)
                frequencies.setdefault(word, []).append(frequency)
        self._places = {word: np.array(found, dtype=np.int32) for word, found in places.items()}
        self._weights = {word: self._weigh(word, np.array(frequencies[word], dtype=np.float32)) for word in places}

    def weight(self, word: str) -> float:
        """Inverse document frequency of a stem; an unknown one is as rare as one that stands in a single text."""
        found = max(len(self._places.get(word, ())), 1)
        return math.log(1 + (self._size - found + 0.5) / (found + 0.5))

    def score(self, query: str) -> npt.NDArray[np.float32]:
        """`(texts,)` float32, 0 where no word of the query stands."""
        scores = np.zeros(self._size, dtype=np.float32)
        for word, times in Counter(content_stems(query)).items():
            if word in self._places:
                scores[self._places[word]] += times * self._weights[word]
        return scores

    def _weigh(self, word: str, frequencies: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What one occurrence in a query adds to each text that holds the word."""
        norms = self._norms[self._places[word]]
        return (self.weight(word) * frequencies * (K1 + 1) / (frequencies + norms)).astype(np.float32)
