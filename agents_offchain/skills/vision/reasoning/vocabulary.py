"""Which classes of the detector a word of a question means.

A word names one class ("cat"), a plural ("people") or a group ("animals"). A noun that no class covers gives nothing,
so that a question about a dragon is answered with "cannot tell" and not with "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from agents_offchain.skills.vision.labels import COCO_LABELS

Nouns: TypeAlias = Mapping[str, frozenset[str]]

SYNONYMS: Mapping[str, str] = {
    "airliner": "airplane",
    "bike": "bicycle",
    "cellphone": "cell phone",
    "coach": "bus",
    "dining table": "dining table",
    "fridge": "refrigerator",
    "handset": "cell phone",
    "human": "person",
    "kitten": "cat",
    "lady": "person",
    "lorry": "truck",
    "man": "person",
    "motorbike": "motorcycle",
    "mug": "cup",
    "phone": "cell phone",
    "plane": "airplane",
    "plant": "potted plant",
    "puppy": "dog",
    "racket": "tennis racket",
    "sofa": "couch",
    "table": "dining table",
    "teacup": "cup",
    "television": "tv",
    "traffic signal": "traffic light",
    "woman": "person",
}
"""Words for one class. A man, a woman or a child is a person to the detector: it cannot tell them apart, and a question
that needs the difference is refused in `parse`."""

IRREGULAR_PLURALS: Mapping[str, str] = {
    "buses": "bus",
    "couches": "couch",
    "humans": "person",
    "knives": "knife",
    "ladies": "person",
    "men": "person",
    "mice": "mouse",
    "people": "person",
    "persons": "person",
    "scissors": "scissors",
    "sheep": "sheep",
    "skis": "skis",
    "toothbrushes": "toothbrush",
    "women": "person",
}

GROUPS: Mapping[str, frozenset[str]] = {
    "animal": frozenset(
        {"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"},
    ),
    "vehicle": frozenset({"bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"}),
    "fruit": frozenset({"banana", "apple", "orange"}),
    "pet": frozenset({"cat", "dog", "bird"}),
}

NARROWER_THAN_A_CLASS = frozenset(
    {"man", "men", "woman", "women", "lady", "ladies", "kitten", "puppy", "child", "boy", "girl"}
)
"""Words that say more than any class does. Counting persons would answer another question."""


def _plurals(word: str) -> set[str]:
    if word.endswith(("s", "sh", "ch", "x")):
        return {word + "es"}
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return {word[:-1] + "ies"}
    return {word + "s"}


@cache
def nouns_of(labels: tuple[str, ...]) -> Nouns:
    """Lower-case words, singular and plural, to the classes they cover, for a detector with these labels.

    A group is known only where the detector has all of its classes: one that knows only cats does not say "no animal".
    """
    table: dict[str, frozenset[str]] = {}
    for label in labels:
        for word in {label, *_plurals(label)}:
            table[word] = frozenset({label})
    for word, label in SYNONYMS.items():
        for form in {word, *_plurals(word)}:
            table.setdefault(form, frozenset({label}))
    for word, members in GROUPS.items():
        for form in {word, *_plurals(word)}:
            table.setdefault(form, members)
    for word, label in IRREGULAR_PLURALS.items():
        table[word] = frozenset({label})
    known = frozenset(labels)
    return {word: members for word, members in table.items() if members <= known}


NOUNS = nouns_of(COCO_LABELS)
"""Of the shipped detector."""
