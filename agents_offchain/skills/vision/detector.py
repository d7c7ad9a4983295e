"""Finding objects: NanoDet-m over onnxruntime.

In: RGB pixels. Out: labelled boxes in the same pixels, best first. Source of the method: RangiLyu/nanodet (Apache-2.0);
box distances are expectations over eleven bins (Generalized Focal Loss, arXiv 2006.04388, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.vision.labels import COCO_LABELS

INPUT_SIDE_PX = 416
MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
STD_BGR = np.array([57.375, 57.12, 58.395], np.float32)
STRIDES_PX = (8, 16, 32)
BINS = np.arange(11, dtype=np.float32)
MAX_IOU = 0.5
MAX_OBJECTS = 100

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DetectedObject:
    """One object; ``box_px`` is (x0, y0, x1, y1) with the origin at the top left, ``score`` is in [0, 1]."""

    label: str
    score: float
    box_px: tuple[float, float, float, float]


def detect_objects(session: Any, pixels: NDArray[np.uint8], min_score: float) -> list[DetectedObject]:
    """Find the objects of a picture.

    Args:
        session: An ``onnxruntime.InferenceSession`` of the converted NanoDet-m.
        pixels: `(height, width, 3)` uint8 RGB.
        min_score: Boxes with a lower score are left out, in [0, 1].

    Returns:
        At most 100 objects, best score first, then by box; scores to 4 decimals, boxes to 2.

    Raises:
        InferenceFailed: the runtime could not run the model.
    """
    height, width = pixels.shape[:2]
    try:
        outputs = session.run(None, {session.get_inputs()[0].name: _prepare(pixels)})
    except RuntimeError as error:
        raise InferenceFailed("The object detector could not be run.", model="nanodet") from error
    boxes, scores = decode_outputs(outputs)
    boxes = boxes * np.array([width, height, width, height], np.float32) / np.float32(INPUT_SIDE_PX)
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
    found = [
        DetectedObject(
            COCO_LABELS[label],
            round(float(scores[index, label]), 4),
            _rounded_box(boxes[index]),
        )
        for index, label in _survivors(boxes, scores, min_score)
    ]
    return sorted(found, key=lambda item: (-item.score, item.box_px, item.label))[:MAX_OBJECTS]


def _prepare(pixels: NDArray[np.uint8]) -> Floats:
    """`(1, 3, 416, 416)` float32 BGR, normalised; the picture is stretched, as in the model's training."""
    is_smaller = max(pixels.shape[:2]) < INPUT_SIDE_PX
    method = cv2.INTER_LINEAR if is_smaller else cv2.INTER_AREA
    square = cv2.resize(pixels, (INPUT_SIDE_PX, INPUT_SIDE_PX), interpolation=method)
    normal = (square[:, :, ::-1].astype(np.float32) - MEAN_BGR) / STD_BGR
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])


def decode_outputs(outputs: list[Floats]) -> tuple[Floats, Floats]:
    """Turn the six outputs into boxes and scores.

    Args:
        outputs: Scores `(1, cells, 80)` for strides 8, 16, 32, then distances `(1, cells, 44)` for the same.

    Returns:
        boxes `(n, 4)` x0 y0 x1 y1 in pixels of the model's input; scores `(n, 80)` in [0, 1].
    """
    boxes = []
    for stride, distances in zip(STRIDES_PX, outputs[3:], strict=True):
        side = INPUT_SIDE_PX // stride
        rows, columns = np.divmod(np.arange(side * side), side)
        centres = (np.stack([columns, rows], axis=1).astype(np.float32) + 0.5) * stride
        bins = distances[0].reshape(-1, 4, len(BINS))
        weights = np.exp(bins - bins.max(axis=2, keepdims=True))
        reach = (weights @ BINS) / weights.sum(axis=2) * stride
        boxes.append(np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1))
    return np.concatenate(boxes).astype(np.float32), np.concatenate([level[0] for level in outputs[:3]])


def _survivors(boxes: Floats, scores: Floats, min_score: float) -> list[tuple[int, int]]:
    """(box, class) pairs that pass the score and, within their class, do not overlap a better one."""
    kept: list[tuple[int, int]] = []
    for label in np.flatnonzero(scores.max(axis=0) >= min_score):
        candidates = np.flatnonzero(scores[:, label] >= min_score)
        order = candidates[np.argsort(-scores[candidates, label], kind="stable")]
        kept.extend((int(index), int(label)) for index in non_maximum_suppression(boxes, order))
    return kept


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
