"""Finding objects with one look of a detector: NanoDet-m (RangiLyu/nanodet, Apache-2.0), or the operator's own.

In: RGB pixels. Out: labelled boxes in the picture's pixels, best first. A detector is a loaded model and its
`DetectorForm`; everything that differs between models is in that data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.vision.detector_form import DetectorForm
from agents_offchain.skills.vision.heads import HEADS, Candidates, Floats, NotThisHead
from agents_offchain.skills.vision.inputs import channels_first
from agents_offchain.skills.vision.sessions import failing_as

MAX_IOU = 0.5
MAX_OBJECTS = 100
BESIDE = 114
"""The grey beside a picture in its proportions, as detectors are trained with."""


@dataclass(frozen=True, slots=True)
class DetectedObject:
    """One object; ``box_px`` is (x0, y0, x1, y1) with the origin at the top left, ``score`` is in [0, 1]."""

    label: str
    score: float
    box_px: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """A loaded model and what it wants.

    Attributes:
        session: An ``onnxruntime.InferenceSession``, or something with its ``get_inputs`` and ``run``.
    """

    form: DetectorForm
    session: Any

    @property
    def labels(self) -> tuple[str, ...]:
        return self.form.labels

    def run(self, inputs: Floats, min_score: float) -> list[Candidates]:
        """Boxes and scores of each picture.

        Args:
            inputs: `(n, 3, side, side)` float32 from `prepare`; in one call where the model takes several at once.

        Raises:
            InferenceFailed: the runtime could not run the model, or its numbers are not what its form says.
        """
        described = self.session.get_inputs()[0]
        step = 1 if described.shape[0] == 1 else len(inputs)
        found: list[Candidates] = []
        name = self.form.name
        with failing_as(lambda _: InferenceFailed("The object detector could not be run.", model=name), NotThisHead):
            for start in range(0, len(inputs), step):
                part = inputs[start : start + step]
                outputs = self.session.run(None, {described.name: part})
                found.extend(self.read([output[place] for output in outputs], min_score) for place in range(len(part)))
        return found

    def read(self, outputs: Sequence[Floats], min_score: float) -> Candidates:
        """Boxes and scores out of the model's outputs for one picture.

        Raises:
            NotThisHead: they have another shape than the form's head gives.
        """
        form = self.form
        return HEADS[form.head](outputs, len(form.labels), form.input_side_px, min_score)


def detect_objects(
    detector: Detector, pixels: NDArray[np.uint8], min_score: float, size_px: tuple[int, int] | None = None
) -> list[DetectedObject]:
    """Find the objects of a picture.

    Args:
        pixels: `(height, width, 3)` uint8 RGB.
        min_score: Boxes with a lower score are left out, in [0, 1].
        size_px: Width and height of the picture that boxes are told in, where ``pixels`` are a smaller copy of it.

    Returns:
        At most 100 objects, best score first, then by box; scores to 4 decimals, boxes to 2.

    Raises:
        InferenceFailed: the runtime could not run the model.
    """
    shown, filled = prepare(detector.form, pixels)
    candidates = detector.run(shown, min_score)[0]
    return place(detector, candidates, filled, size_px or (pixels.shape[1], pixels.shape[0]), min_score)


def prepare(form: DetectorForm, pixels: NDArray[np.uint8]) -> tuple[Floats, tuple[int, int]]:
    """The input `(1, 3, side, side)` float32 of a picture, and how many pixels across and down the picture fills."""
    side = form.input_side_px
    filled = (side, side) if form.fit == "stretch" else _in_proportion(pixels, side)
    method = cv2.INTER_LINEAR if max(pixels.shape[:2]) < side else cv2.INTER_AREA
    small = cv2.resize(pixels, filled, interpolation=method)
    if filled != (side, side):
        small = cv2.copyMakeBorder(
            small, 0, side - filled[1], 0, side - filled[0], cv2.BORDER_CONSTANT, value=(BESIDE,) * 3
        )
    order = 1 if form.colours == "rgb" else -1
    return channels_first(np.asarray(small, np.uint8), form.mean, form.deviation, order), filled


def _in_proportion(pixels: NDArray[np.uint8], side: int) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    return max(1, round(width * factor)), max(1, round(height * factor))


def place(
    detector: Detector, candidates: Candidates, filled_px: tuple[int, int], size_px: tuple[int, int], min_score: float
) -> list[DetectedObject]:
    """Candidates as objects of the picture: suppressed within their class, clipped, sorted; see `detect_objects`."""
    boxes, scores = candidates
    (width, height), (across, down) = size_px, filled_px
    boxes = boxes * (np.array([width, height] * 2, np.float32) / np.array([across, down] * 2, np.float32))
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
    found = [
        DetectedObject(detector.labels[label], round(float(scores[index, label]), 4), _rounded_box(boxes[index]))
        for index, label in _survivors(boxes, scores, min_score)
    ]
    return sorted(found, key=lambda item: (-item.score, item.box_px, item.label))[:MAX_OBJECTS]


def _survivors(boxes: Floats, scores: Floats, min_score: float) -> Iterator[tuple[int, int]]:
    """(box, class) pairs that pass the score and, within their class, do not overlap a better one."""
    for label in np.flatnonzero(scores.max(axis=0, initial=0) >= min_score):
        candidates = np.flatnonzero(scores[:, label] >= min_score)
        order = candidates[np.argsort(-scores[candidates, label], kind="stable")]
        for index in non_maximum_suppression(boxes, order):
            yield int(index), int(label)


def non_maximum_suppression(boxes: Floats, order: NDArray[np.intp]) -> list[int]:
    """Indices of ``order`` (best first) whose box overlaps no better kept one by more than half of their union."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        overlap = (high - low).clip(min=0).prod(axis=1)
        union = areas[best] + areas[order] - overlap
        order = order[overlap <= MAX_IOU * union]
    return kept


def _rounded_box(box: Floats) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (round(float(value), 2) + 0.0 for value in box)
    return x0, y0, x1, y1
