"""Questions about a composed scene with the answers that its truth gives.

The truth answers from what was pasted, by rules written here anew and not by the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.evaluation.vision.scenes import SIZE_PX, SPRITES, WORDS, PlacedObject, Scene

PLURALS = {"person": "people", "cat": "cats", "cup": "cups"}
CLEAR_PX = 60
"""Two centres closer than this along the axis asked about are not asked about: people would not agree either."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its true answer; ``kind`` groups the table."""

    kind: str
    text: str
    answer: str


def questions_about(scene: Scene, chance: np.random.Generator) -> list[Question]:
    """Up to eight questions, one or two of each kind that the scene allows."""
    asked = [_how_many(scene, label) for label in _some(chance, list(SPRITES), 2)]
    label = _some(chance, list(SPRITES), 1)[0]
    asked.append(Question("exists", f"Is there a {label}?", _yes(_count(scene, label) > 0)))
    asked.append(Question("exists", f"Is there more than one {label}?", _yes(_count(scene, label) > 1)))
    first, second = _some(chance, list(SPRITES), 2)
    more = _count(scene, first) > _count(scene, second)
    asked.append(Question("compares", f"Are there more {PLURALS[first]} than {PLURALS[second]}?", _yes(more)))
    single = [item for item in scene.objects if _count(scene, item.label) == 1]
    asked.extend(_relations(single))
    asked.extend(_places(scene, chance))
    word = scene.word or _some(chance, list(WORDS), 1)[0]
    asked.append(Question("text", f'Does it say "{word}"?', _yes(bool(scene.word))))
    if scene.word:
        asked.append(Question("text", "What does the sign say?", scene.word))
    return asked


def _how_many(scene: Scene, label: str) -> Question:
    return Question("counts", f"How many {PLURALS[label]} are there in the picture?", str(_count(scene, label)))


def _relations(single: list[PlacedObject]) -> list[Question]:
    for one in single:
        for other in single:
            across = _centre(other)[0] - _centre(one)[0]
            if one.label < other.label and abs(across) > CLEAR_PX and _apart(one, other):
                text = f"Is the {one.label} to the left of the {other.label}?"
                return [Question("relates", text, _yes(across > 0))]
    return []


def _places(scene: Scene, chance: np.random.Generator) -> list[Question]:
    label = _some(chance, list(SPRITES), 1)[0]
    of_label = [item for item in scene.objects if item.label == label]
    if not of_label or any(abs(_centre(item)[0] - SIZE_PX[0] / 2) < CLEAR_PX for item in of_label):
        return []
    on_left = sum(_centre(item)[0] < SIZE_PX[0] / 2 for item in of_label)
    return [Question("places", f"How many {PLURALS[label]} are on the left side of the picture?", str(on_left))]


def _apart(one: PlacedObject, other: PlacedObject) -> bool:
    return one.box_px[2] < other.box_px[0] or other.box_px[2] < one.box_px[0]


def _centre(item: PlacedObject) -> tuple[float, float]:
    x0, y0, x1, y1 = item.box_px
    return (x0 + x1) / 2, (y0 + y1) / 2


def _count(scene: Scene, label: str) -> int:
    return sum(item.label == label for item in scene.objects)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _some(chance: np.random.Generator, of: list[str], count: int) -> list[str]:
    return [of[int(index)] for index in chance.permutation(len(of))[:count]]
