"""Running a program over what was found. Pure: the same findings give the same answer.

A detector is unsure, and the answer says so: objects at or above ``sure_score`` are there, objects between
``possible_score`` and that may be. An answer is given only where both readings agree; otherwise it is "cannot tell"
with the reason. So a count of "two, perhaps three" is never sold as "two".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.vision.boxes import Box, area
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.ocr import TextLine
from agents_offchain.skills.vision.reasoning.colours import colour_of_box
from agents_offchain.skills.vision.reasoning.geometry import centre_of, is_in_region, region_of, stands
from agents_offchain.skills.vision.reasoning.program import (
    CompareCounts,
    Count,
    Exist,
    FindText,
    Identify,
    Locate,
    NameColour,
    Program,
    ReadText,
    Relate,
    Relation,
    Things,
)

CANNOT_TELL = "cannot tell"
SURE_COLOUR_SHARE = 0.5
HAS_COLOUR_SHARE = 0.25
"""A striped bus is red and white: a thing has a colour that covers this much of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What is known about one picture.

    Attributes:
        pixels: `(height, width, 3)` uint8 RGB.
        objects: Everything with a score of at least ``possible_score``, one label an object, in pixels of ``pixels``.
        lines: Text lines in the same pixels, in reading order.
        sure_score: From this score on an object is there.
        possible_score: Under this score it is not considered.
    """

    pixels: NDArray[np.uint8]
    objects: tuple[DetectedObject, ...]
    lines: tuple[TextLine, ...]
    sure_score: float
    possible_score: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what it rests on.

    Attributes:
        text: The answer in words; `CANNOT_TELL` when there is none.
        reason: Why there is none, empty otherwise.
        objects: The objects that were counted, compared or described.
        lines: The text lines that were read.
    """

    text: str
    reason: str = ""
    objects: tuple[DetectedObject, ...] = ()
    lines: tuple[TextLine, ...] = ()

    @property
    def is_given(self) -> bool:
        return self.text != CANNOT_TELL


@dataclass(frozen=True, slots=True)
class _Selection:
    """Objects that surely belong to a set, and those that may."""

    sure: tuple[DetectedObject, ...]
    possible: tuple[DetectedObject, ...]

    @property
    def all(self) -> tuple[DetectedObject, ...]:
        return (*self.sure, *self.possible)


def run_program(program: Program, findings: Findings) -> Answer:
    """Answer one question.

    Raises:
        TypeError: a program of a type that is not known here; a fault of the caller.
    """
    match program:
        case Count(things):
            return _count(things, findings)
        case Exist(things, at_least, at_most):
            return _exist(things, at_least, at_most, findings)
        case CompareCounts(more, fewer):
            return _compare(more, fewer, findings)
        case Relate(subject, relation, anchor):
            return _relate(subject, relation, anchor, findings)
        case NameColour(things):
            return _name_colour(things, findings)
        case Locate(things):
            return _describe_one(things, findings, lambda item: region_of(item.box_px, findings.size_px))
        case Identify(relation, anchor):
            return _identify(relation, anchor, findings)
        case ReadText(relation, anchor):
            return _read_text(relation, anchor, findings)
        case FindText(text):
            return _find_text(text, findings)
    raise TypeError(f"No way to run a {type(program).__name__}.")


def _select(things: Things, findings: Findings) -> _Selection:
    """An object surely belongs when its score is sure and every narrowing surely holds."""
    sure: list[DetectedObject] = []
    possible: list[DetectedObject] = []
    anchors = None if things.anchor is None else _select(things.anchor, findings)
    for item in findings.objects:
        if item.label not in things.labels:
            continue
        if things.region is not None and not is_in_region(item.box_px, things.region, findings.size_px):
            continue
        is_sure = item.score >= findings.sure_score
        if things.colour is not None:
            share = next((c.share for c in colour_of_box(findings.pixels, item.box_px) if c.name == things.colour), 0.0)
            if share < HAS_COLOUR_SHARE / 2:
                continue
            is_sure = is_sure and share >= HAS_COLOUR_SHARE
        if things.relation is not None and anchors is not None:
            if not _stands_to_any(item, things.relation, anchors.all):
                continue
            is_sure = is_sure and _stands_to_any(item, things.relation, anchors.sure)
        (sure if is_sure else possible).append(item)
    if things.superlative is None:
        return _Selection(tuple(sure), tuple(possible))
    return _extreme(things, sure, possible)


def _extreme(things: Things, sure: list[DetectedObject], possible: list[DetectedObject]) -> _Selection:
    keys: dict[str, Callable[[DetectedObject], float]] = {
        "largest": lambda item: -area(item.box_px),
        "smallest": lambda item: area(item.box_px),
        "leftmost": lambda item: centre_of(item.box_px)[0],
        "rightmost": lambda item: -centre_of(item.box_px)[0],
        "topmost": lambda item: centre_of(item.box_px)[1],
        "bottommost": lambda item: -centre_of(item.box_px)[1],
    }
    key = keys[str(things.superlative)]
    best = min((*sure, *possible), key=key, default=None)
    if best is None:
        return _Selection((), ())
    return _Selection((best,), ()) if best in sure else _Selection((), (best,))


def _stands_to_any(item: DetectedObject, relation: Relation, anchors: Sequence[DetectedObject]) -> bool:
    return any(other is not item and stands(item.box_px, relation, other.box_px) for other in anchors)


def _count(things: Things, findings: Findings) -> Answer:
    found = _select(things, findings)
    if found.possible:
        low, high = len(found.sure), len(found.all)
        return Answer(CANNOT_TELL, f"Between {low} and {high} {things.noun}: {high - low} not seen clearly.", found.all)
    return Answer(str(len(found.sure)), objects=found.sure)


def _exist(things: Things, at_least: int, at_most: int | None, findings: Findings) -> Answer:
    found = _select(things, findings)
    low, high = len(found.sure), len(found.all)
    if low >= at_least and (at_most is None or high <= at_most):
        return Answer("yes", objects=found.all if at_most is not None else found.sure)
    if high < at_least or (at_most is not None and low > at_most):
        return Answer("no", objects=found.all)
    return Answer(CANNOT_TELL, f"Between {low} and {high} {things.noun}: {high - low} not seen clearly.", found.all)


def _compare(more: Things, fewer: Things, findings: Findings) -> Answer:
    first, second = _select(more, findings), _select(fewer, findings)
    seen = tuple(dict.fromkeys((*first.all, *second.all)))
    if len(first.sure) > len(second.all):
        return Answer("yes", objects=seen)
    if len(first.all) <= len(second.sure):
        return Answer("no", objects=seen)
    return Answer(CANNOT_TELL, "Some of them are not seen clearly.", seen)


def _relate(subject: Things, relation: Relation, anchor: Things, findings: Findings) -> Answer:
    one, other = _select(subject, findings), _select(anchor, findings)
    seen = tuple(dict.fromkeys((*one.all, *other.all)))
    for selection, things in ((one, subject), (other, anchor)):
        if not selection.sure:
            return Answer(CANNOT_TELL, f"No {things.noun} is seen clearly.", seen)
    outcomes = {
        stands(item.box_px, relation, second.box_px) for item in one.all for second in other.all if item is not second
    }
    if len(outcomes) != 1:
        return Answer(CANNOT_TELL, f"There are several, and it differs: {subject.noun}, {anchor.noun}.", seen)
    return Answer("yes" if outcomes.pop() else "no", objects=seen)


def _the_one(things: Things, findings: Findings) -> DetectedObject | Answer:
    """The single object that "the cat" means, or why there is none."""
    found = _select(things, findings)
    if len(found.sure) == 1:
        return found.sure[0]
    if found.sure:
        return Answer(CANNOT_TELL, f"There are {len(found.sure)}: {things.noun}. Say which.", found.sure)
    return Answer(CANNOT_TELL, f"No {things.noun} is seen clearly.", found.possible)


def _describe_one(things: Things, findings: Findings, describe: Callable[[DetectedObject], str]) -> Answer:
    one = _the_one(things, findings)
    return one if isinstance(one, Answer) else Answer(describe(one), objects=(one,))


def _name_colour(things: Things, findings: Findings) -> Answer:
    one = _the_one(things, findings)
    if isinstance(one, Answer):
        return one
    colours = colour_of_box(findings.pixels, one.box_px)
    if not colours or colours[0].share < SURE_COLOUR_SHARE:
        named = " and ".join(colour.name for colour in colours[:2])
        return Answer(CANNOT_TELL, f"No one colour covers half of it: mostly {named}.", (one,))
    return Answer(colours[0].name, objects=(one,))


def _identify(relation: Relation, anchor: Things, findings: Findings) -> Answer:
    one = _the_one(anchor, findings)
    if isinstance(one, Answer):
        return one
    standing = [item for item in findings.objects if item is not one and stands(item.box_px, relation, one.box_px)]
    sure = [item for item in standing if item.score >= findings.sure_score]
    if not standing:
        return Answer("nothing that the detector knows", objects=(one,))
    if len(sure) < len(standing):
        return Answer(CANNOT_TELL, "What is there is not seen clearly.", (one, *standing))
    return Answer(", ".join(sorted({item.label for item in sure})), objects=(one, *sure))


def _read_text(relation: Relation | None, anchor: Things | None, findings: Findings) -> Answer:
    """Single characters are read only where nothing longer is: most of them are rims, handles and shadows."""
    lines = findings.lines
    seen: tuple[DetectedObject, ...] = ()
    if relation is not None and anchor is not None:
        one = _the_one(anchor, findings)
        if isinstance(one, Answer):
            return one
        seen = (one,)
        lines = tuple(line for line in lines if stands(_box_of_line(line), relation, one.box_px))
    lines = tuple(line for line in lines if len(_plain(line.text)) > 1) or lines
    if not lines:
        return Answer(CANNOT_TELL, "No text is read there.", seen)
    return Answer("\n".join(line.text for line in lines), objects=seen, lines=lines)


def _find_text(text: str, findings: Findings) -> Answer:
    wanted = _plain(text)
    if not wanted:
        return Answer(CANNOT_TELL, "The text to look for has no letter and no digit.")
    for line in findings.lines:
        if wanted in _plain(line.text):
            return Answer("yes", lines=(line,))
    together = _plain("".join(line.text for line in findings.lines))
    if wanted in together:
        return Answer("yes", lines=findings.lines)
    return Answer("no", lines=findings.lines)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _box_of_line(line: TextLine) -> Box:
    xs, ys = [x for x, _ in line.corners_px], [y for _, y in line.corners_px]
    return min(xs), min(ys), max(xs), max(ys)
