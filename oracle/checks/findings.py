"""Objects and text lines of a picture, claimed and found again, compared within tolerances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agents_offchain.runtime.documents import ReExecution
from oracle.checks.check import Check
from oracle.checks.documents import FoundObject, FoundText, ImageFacts
from oracle.checks.matching import is_one_to_one

_ROUNDING = 1e-9
"""Decimal fractions are not exact in binary; a difference of exactly the tolerance still fits."""


def is_same_image(one: ImageFacts, other: ImageFacts) -> bool:
    """True for the same bytes seen at the same size."""
    return (one.sha256, one.width, one.height) == (other.sha256, other.width, other.height)


def compare_objects(claimed: list[FoundObject], ours: list[FoundObject], criteria: ReExecution) -> list[Check]:
    """Five checks: number, labels, boxes, scores, and all of it for one object at a time."""
    box_px, score = criteria.box_tolerance_px, criteria.score_tolerance
    is_counted = len(claimed) == len(ours)
    is_labelled = Counter(item.label for item in claimed) == Counter(item.label for item in ours)

    def boxes_fit(one: FoundObject, other: FoundObject) -> bool:
        return one.label == other.label and is_near_all(one.box, other.box, box_px)

    def scores_fit(one: FoundObject, other: FoundObject) -> bool:
        return one.label == other.label and is_near(one.score, other.score, score)

    def all_fits(one: FoundObject, other: FoundObject) -> bool:
        return boxes_fit(one, other) and scores_fit(one, other)

    return [
        Check("counts", is_counted, "as many objects" if is_counted else "another number of objects"),
        Check("labels", is_labelled, "the same labels" if is_labelled else "other labels"),
        _fit("boxes", is_labelled and is_one_to_one(claimed, ours, boxes_fit), f"boxes within {box_px:g} px"),
        _fit("scores", is_labelled and is_one_to_one(claimed, ours, scores_fit), f"scores within {score:g}"),
        _fit(
            "objects",
            is_labelled and is_one_to_one(claimed, ours, all_fits),
            "every object has its counterpart",
        ),
    ]


def compare_text(claimed: list[FoundText], ours: list[FoundText], criteria: ReExecution) -> list[Check]:
    """Two checks: the same lines, each at its place."""
    box_px, score = criteria.box_tolerance_px, criteria.score_tolerance
    is_equal = Counter(line.text for line in claimed) == Counter(line.text for line in ours)

    def fits(one: FoundText, other: FoundText) -> bool:
        return (
            one.text == other.text
            and is_near(one.score, other.score, score)
            and all(is_near_all(a, b, box_px) for a, b in zip(one.box, other.box, strict=True))
        )

    is_placed = is_equal and is_one_to_one(claimed, ours, fits)
    return [
        Check("text", is_equal, "the same lines of text" if is_equal else "other lines of text"),
        _fit("text_boxes", is_placed, f"lines within {box_px:g} px"),
    ]


def _fit(name: str, passed: bool, what: str) -> Check:
    return Check(name, passed, what if passed else f"not: {what}")


def is_near(one: float, other: float, tolerance: float) -> bool:
    """True when two numbers differ by no more than the tolerance."""
    return abs(one - other) <= tolerance + _ROUNDING


def is_near_all(one: Sequence[float], other: Sequence[float], tolerance: float) -> bool:
    """True when all pairs are near; both have as many numbers."""
    return all(is_near(a, b, tolerance) for a, b in zip(one, other, strict=True))
