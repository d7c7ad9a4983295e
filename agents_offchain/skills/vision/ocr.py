"""Reading text: PP-OCRv6 through rapidocr over onnxruntime.

In: RGB pixels and an engine with its models loaded. Out: text lines with their quadrilaterals in the same pixels, in
reading order. The picture is first brought to a canvas whose longer side is between two bounds, so that a phone's
photograph and a thumbnail both take seconds on one thread; detection looks at the whole canvas once, recognition at
each line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.vision.sessions import failing_as

CANVAS_MIN_PX = 1024
CANVAS_MAX_PX = 1600
MAX_UPSCALE = 3.0
MIN_SIDE_PX = 8
MAX_LINES = 200

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line; ``corners_px`` are four (x, y) from the line's own top left, clockwise; ``score`` is in [0, 1]."""

    text: str
    score: float
    corners_px: Corners


def read_text(engine: Any, pixels: NDArray[np.uint8], min_score: float) -> list[TextLine]:
    """Read the text lines of a picture.

    Args:
        engine: A ``rapidocr.RapidOCR``.
        pixels: `(height, width, 3)` uint8 RGB.
        min_score: Lines with a lower score are left out, in [0, 1].

    Returns:
        At most 200 lines in reading order, scores to 4 decimals, corners to 2. Empty for a picture too thin to
        carry text (a side under 8 pixels).

    Raises:
        InferenceFailed: the runtime could not run a model.
    """
    height, width = pixels.shape[:2]
    canvas = _canvas(pixels)
    if min(height, width) < MIN_SIDE_PX or min(canvas.shape[:2]) < MIN_SIDE_PX:
        return []
    with failing_as(lambda _: InferenceFailed("The text reader could not be run.", model="ocr"), cv2.error):
        found = engine(np.ascontiguousarray(canvas[:, :, ::-1]), text_score=min_score)
    if getattr(found, "boxes", None) is None or found.txts is None:
        return []
    scale = np.array([width / canvas.shape[1], height / canvas.shape[0]], np.float64)
    corners = (np.asarray(found.boxes, np.float64) * scale).clip(0, [width, height])
    return [
        TextLine(str(text), round(float(score), 4), _rounded_corners(quad))
        for text, score, quad in zip(found.txts, found.scores, corners, strict=True)
    ][:MAX_LINES]


def _canvas(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    longer = max(height, width)
    factor = min(CANVAS_MAX_PX / longer, max(1.0, min(CANVAS_MIN_PX / longer, MAX_UPSCALE)))
    if factor == 1.0:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)


def _rounded_corners(quad: NDArray[np.float64]) -> Corners:
    return tuple((round(float(x), 2) + 0.0, round(float(y), 2) + 0.0) for x, y in quad)
