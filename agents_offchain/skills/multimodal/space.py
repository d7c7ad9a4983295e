"""One space for texts and pictures: a picture is where the words for what was found in it lie.

In: what the skills found in a picture. Out: unit vectors of MiniLM that texts can be compared with. A picture's vector
is the weighted sum of the vectors of its likeliest classes' names (ConSE: Norouzi et al., ICLR 2014), the labels of its
objects, its words, its colours and what was measured of it as a whole. Weights were chosen on one set of captions of
photographs; `make eval-vision` measures them on that set and on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.embedding.embedder import Embedder, Vectors
from agents_offchain.skills.vision.classifier import Classifier, calibrated, logits_of
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.ocr import TextLine
from agents_offchain.skills.vision.reasoning.colours import colour_shares

CLASSES = 30
SPREAD = 1.3
"""Temperature of the classes' weights: a search wants breadth, where a name wants certainty."""
OBJECT_WEIGHT, TEXT_WEIGHT, COLOUR_WEIGHT = 0.3, 0.5, 0.2
"""Beside the classes' 1.0 in all."""
MIN_COLOUR_SHARE = 0.15
MIN_TEXT_CHARACTERS = 3
PAGE_FROM_LINES = 3
NIGHT_BELOW_LUMA = 40.0
TEXTURE, PAGE, NIGHT = ("texture, surface, ground", 0.5), ("a page of printed text", 0.5), ("night sky", 0.5)
"""Said of pictures that no class fits: see `is_texture`, `PAGE_FROM_LINES`, `NIGHT_BELOW_LUMA` (mean luma of 255)."""
REFERENCE_STEP = 25
"""Every so many classes' names are what a text's nearness is compared with: a text near everything says little."""
AGREES_FROM = 2.2
"""A text and a picture agree when the text is so many standard deviations nearer to it than to the reference names."""

CELL_PX = 128

Phrases: TypeAlias = list[tuple[str, float]]


def constants() -> dict[str, Any]:
    """All of the above by name: where a picture lies depends on them, so whoever keeps places keeps them beside."""
    return {name: value for name, value in globals().items() if name.isupper()}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near a text is to a picture.

    Attributes:
        similarity: Cosine in [-1, 1].
        nearness: How many standard deviations the cosine lies above those of the text with the reference names.
        agrees: Whether the nearness reaches `AGREES_FROM`.
    """

    text: str
    similarity: float
    nearness: float
    agrees: bool


def phrases_of(
    pixels: NDArray[np.uint8], classifier: Classifier, objects: Sequence[DetectedObject], lines: Sequence[TextLine]
) -> Phrases:
    """What a picture shows, in words with weights.

    Args:
        pixels: `(height, width, 3)` uint8 RGB.
        objects, lines: What was found in it.
    """
    scores = calibrated(logits_of(classifier.session, pixels), SPREAD)
    best = np.argsort(-scores, kind="stable")[:CLASSES]
    phrases: Phrases = [(classifier.names[index], float(scores[index])) for index in best]
    surest: dict[str, float] = {}
    for item in objects:
        surest[item.label] = max(surest.get(item.label, 0.0), item.score)
    phrases.extend((label, OBJECT_WEIGHT * score) for label, score in surest.items())
    written = " ".join(line.text for line in lines)
    if len(written) >= MIN_TEXT_CHARACTERS:
        phrases.append((written, TEXT_WEIGHT))
    phrases.extend(
        (colour.name, COLOUR_WEIGHT * colour.share)
        for colour in colour_shares(pixels)
        if colour.share >= MIN_COLOUR_SHARE
    )
    return [*phrases, *_as_a_whole(pixels, lines)]


def _as_a_whole(pixels: NDArray[np.uint8], lines: Sequence[TextLine]) -> Phrases:
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    said = [TEXTURE] if is_texture(luma) else []
    if len(lines) >= PAGE_FROM_LINES:
        said.append(PAGE)
    if luma.mean() < NIGHT_BELOW_LUMA:
        said.append(NIGHT)
    return said


def is_texture(luma: NDArray[np.uint8]) -> bool:
    """True when all sixteenths of a picture are alike in brightness and in contrast: gravel, grass, cloth.

    Args:
        luma: `(height, width)` uint8.
    """
    square = cv2.resize(luma, (4 * CELL_PX, 4 * CELL_PX), interpolation=cv2.INTER_AREA).astype(np.float64)
    cells = square.reshape(4, CELL_PX, 4, CELL_PX).swapaxes(1, 2).reshape(16, -1)
    contrast, brightness = cells.std(axis=1), cells.mean(axis=1)
    is_alike = contrast.std() < 0.15 * contrast.mean() and brightness.std() < 6.0
    return bool(is_alike and contrast.mean() > 15.0)


def place(embedder: Embedder, phrases: Phrases) -> Vectors:
    """`(dimensions,)` float32 of length 1: where a picture lies.

    Args:
        phrases: At least one with a weight above 0.
    """
    weights = np.array([weight for _, weight in phrases], np.float32)
    total = weights @ embedder.embed([phrase for phrase, _ in phrases])
    return np.asarray(total / np.linalg.norm(total), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Texts that pictures are compared with, embedded once for however many pictures.

    Attributes:
        vectors: `(texts, dimensions)`.
        usual: `(texts, reference names)`: their cosines with names that have nothing to do with the picture.
    """

    texts: Sequence[str]
    vectors: Vectors
    usual: Vectors

    @classmethod
    def of(cls, embedder: Embedder, class_names: Sequence[str], texts: Sequence[str]) -> Texts:
        """Embed texts and the reference, which is drawn from the classifier's names."""
        reference = embedder.embed([names.split(",")[0] for names in class_names[::REFERENCE_STEP]])
        vectors = embedder.embed(texts)
        return cls(texts, vectors, vectors @ reference.T)

    def beside(self, picture: Vectors) -> list[Agreement]:
        """Each text beside a picture's vector from `place`; similarities to 4 decimals, nearness to 3."""
        similarities = self.vectors @ picture
        nearness = (similarities - self.usual.mean(axis=1)) / self.usual.std(axis=1)
        return [
            Agreement(text, round(float(similarity), 4), round(float(near), 3), float(near) >= AGREES_FROM)
            for text, similarity, near in zip(self.texts, similarities, nearness, strict=True)
        ]
