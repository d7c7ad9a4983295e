"""Many pictures, found by words and by likeness.

In: the bytes of pictures, one at a time. Out: for each where it lies beside texts and its fingerprint, which together
are a few kilobytes; then the pictures nearest to a text, and groups of pictures that are copies of one another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents_offchain.skills.embedding.embedder import Vectors
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.space import Agreement, Texts, phrases_of, place
from agents_offchain.skills.vision.detector import detect_objects
from agents_offchain.skills.vision.fingerprint import fingerprint, same_pictures
from agents_offchain.skills.vision.image import DEFAULT_LIMITS, decode_image
from agents_offchain.skills.vision.reading import read_picture
from agents_offchain.skills.vision.settings import DecodeLimits, InspectSettings
from agents_offchain.skills.vision.tiling import best_guesses

USUAL = InspectSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """What is kept of one picture.

    Attributes:
        place: `(dimensions,)` float32 of length 1, where it lies beside texts.
        fingerprint: 64 bits; see `fingerprint`.
    """

    name: str
    place: Vectors
    fingerprint: int


def look_at(name: str, data: bytes, models: SceneModels, limits: DecodeLimits = DEFAULT_LIMITS) -> Leaf:
    """Look at one picture.

    Args:
        models: With texts.

    Raises:
        ImageRefused: the bytes are no picture that can be looked at.
        InferenceFailed: a model could not be run.
    """
    assert models.embedder is not None
    picture, seeing = decode_image(data, limits), models.vision
    objects = best_guesses(detect_objects(seeing.detector, picture.small, USUAL.min_object_score, picture.size_px))
    lines = read_picture(seeing, picture.pixels, USUAL.min_text_score).lines
    lies = place(models.embedder, phrases_of(picture.thumbnail, models.classifier, objects, lines))
    return Leaf(name, lies, fingerprint(picture.thumbnail))


def find(leaves: Sequence[Leaf], models: SceneModels, text: str, count: int) -> list[tuple[Leaf, Agreement]]:
    """The pictures nearest to a text, nearest first, ties by name; each says whether the text agrees with it.

    Args:
        models: With texts.
    """
    assert models.embedder is not None
    texts = Texts.of(models.embedder, models.classifier.names, [text])
    near = [(leaf, texts.beside(leaf.place)[0]) for leaf in leaves]
    return sorted(near, key=lambda pair: (-pair[1].similarity, pair[0].name))[:count]


def copies(leaves: Sequence[Leaf]) -> list[list[Leaf]]:
    """Groups of at least two pictures that are copies, directly or by way of one another; all in the order given."""
    fingerprints = np.array([leaf.fingerprint for leaf in leaves], np.uint64)
    first = np.arange(len(leaves))  # for each picture the earliest of its group
    for index, leaf in enumerate(leaves):
        groups = np.unique(first[: index + 1][same_pictures(leaf.fingerprint, fingerprints[: index + 1])])
        if len(groups) > 1:
            first[np.isin(first, groups)] = groups[0]
    found: dict[int, list[Leaf]] = defaultdict(list)
    for leaf, group in zip(leaves, first.tolist(), strict=True):
        found[group].append(leaf)
    return [group for group in found.values() if len(group) > 1]
