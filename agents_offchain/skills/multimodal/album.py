"""Many pictures, found by words and by likeness.

In: the bytes of pictures, one at a time. Out: for each where it lies beside texts and its fingerprint, which together
are a few kilobytes; then the pictures nearest to a text, and groups of pictures that are copies of one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents_offchain.skills.embedding.embedder import Vectors
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.space import Agreement, Texts, phrases_of, place
from agents_offchain.skills.vision.detector import detect_objects
from agents_offchain.skills.vision.fingerprint import fingerprint, is_same_picture
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
    """Groups of at least two pictures that are copies, directly or by way of one another; each in the order given."""
    groups: list[list[Leaf]] = []
    for leaf in leaves:
        like = [group for group in groups if any(is_same_picture(leaf.fingerprint, one.fingerprint) for one in group)]
        groups = [group for group in groups if group not in like]
        groups.append([*(one for group in like for one in group), leaf])
    return [group for group in groups if len(group) > 1]
