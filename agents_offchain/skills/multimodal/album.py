"""Many pictures, found by words and by likeness.

In: the bytes of pictures, one at a time. Out: for each where it lies beside texts and its fingerprint, which together
are a few kilobytes; then the pictures nearest to a text, and groups of pictures that are copies of one another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents_offchain.skills.embedding.embedder import Vectors
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.space import Agreement, Phrases, Texts, constants, phrases_of, place
from agents_offchain.skills.vision.detector import DetectedObject, detect_objects
from agents_offchain.skills.vision.fingerprint import fingerprint, same_pictures
from agents_offchain.skills.vision.image import DEFAULT_LIMITS, DecodedImage, decode_image
from agents_offchain.skills.vision.models import PREPROCESSING
from agents_offchain.skills.vision.ocr import TextLine
from agents_offchain.skills.vision.reading import read_picture
from agents_offchain.skills.vision.settings import DecodeLimits, InspectSettings
from agents_offchain.skills.vision.tiling import best_guesses

USUAL = InspectSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What was seen in one picture; ``phrases`` are what its place is made of."""

    picture: DecodedImage
    objects: list[DetectedObject]
    lines: list[TextLine]
    phrases: Phrases


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


def see(
    data: bytes,
    models: SceneModels,
    limits: DecodeLimits = DEFAULT_LIMITS,
    settings: InspectSettings = USUAL,
    *,
    is_mended: bool = False,
) -> Sight:
    """Look at one picture.

    Args:
        is_mended: As for `read_picture`.

    Raises:
        ImageRefused: the bytes are no picture that can be looked at.
        InferenceFailed: a model could not be run.
    """
    picture, seeing = decode_image(data, limits), models.vision
    objects = best_guesses(detect_objects(seeing.detector, picture.small, settings.min_object_score, picture.size_px))
    lines = read_picture(seeing, picture.pixels, settings.min_text_score, is_mended=is_mended).lines
    return Sight(picture, objects, lines, phrases_of(picture.thumbnail, models.classifier, objects, lines))


def leaf_of(name: str, sight: Sight, models: SceneModels) -> Leaf:
    """What is kept of a picture that was looked at; the models have texts."""
    assert models.embedder is not None
    return Leaf(name, place(models.embedder, sight.phrases), fingerprint(sight.picture.thumbnail))


def look_at(name: str, data: bytes, models: SceneModels) -> Leaf:
    """Look at one picture in the usual way and keep what is to be kept. Errors: as `see`."""
    return leaf_of(name, see(data, models), models)


def looked_with(models: SceneModels) -> dict[str, Any]:
    """All that `look_at` depends on besides the picture: what is kept is good for as long as this stays."""
    return {
        "models": models.digests_with_texts(are_compared=True),
        "preprocessing": PREPROCESSING,
        "settings": USUAL.as_dict(),
        "space": constants(),
    }


def rank(leaves: Sequence[Leaf], models: SceneModels, texts: Sequence[str]) -> list[list[tuple[Leaf, Agreement]]]:
    """For each text all pictures, the nearest first, ties by name; each says whether the text agrees with it.

    Args:
        models: With texts.
    """
    assert models.embedder is not None
    asked = Texts.of(models.embedder, models.classifier.names, texts)
    beside = [asked.beside(leaf.place) for leaf in leaves]
    ranked = [list(zip(leaves, [found[place] for found in beside], strict=True)) for place in range(len(texts))]
    return [sorted(near, key=lambda pair: (-pair[1].similarity, pair[0].name)) for near in ranked]


def find(leaves: Sequence[Leaf], models: SceneModels, text: str, count: int) -> list[tuple[Leaf, Agreement]]:
    """The first of `rank` for one text."""
    return rank(leaves, models, [text])[0][:count]


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
