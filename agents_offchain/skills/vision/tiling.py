"""Looking closer: the whole picture, then enlarged tiles of it, joined to one list of objects.

A detector with a small fixed input misses small things. A tile shows it a quarter of the picture at almost twice the
size (slicing aided inference: Akyon, Altinuc and Temizel, IEEE ICIP 2022). What that gains is measured by
``make eval-vision``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.vision.boxes import intersection_over_union, share_inside
from agents_offchain.skills.vision.detector import (
    MAX_OBJECTS,
    DetectedObject,
    Detector,
    detect_objects,
    place,
    prepare,
)

SAME_OBJECT_IOU = 0.55
PART_OF_SHARE = 0.85
"""A box that lies so far inside a better one of its class is a part of it."""
TILE_OVERLAP = 0.2
MIN_TILE_SIDE_PX = 300
"""Smaller tiles would be enlarged past what the picture holds."""
EDGE_PX = 4.0
"""A box that a tile's inner edge cuts belongs to a neighbour or to the whole picture."""

Tile: TypeAlias = tuple[int, int, int, int]
Look: TypeAlias = Callable[[Detector, NDArray[np.uint8], float], list[DetectedObject]]
"""`detect_objects` or `detect_mirrored`."""


def detect_with_tiles(
    detector: Detector, pixels: NDArray[np.uint8], min_score: float, look: Look = detect_objects
) -> list[DetectedObject]:
    """Find the objects of a picture as a whole and in two by two overlapping tiles.

    Args:
        pixels: `(height, width, 3)` uint8 RGB; under 500 pixels a side it is looked at once.
        min_score: As for `detect_objects`.
        look: How the whole and each tile are looked at.

    Returns:
        As `detect_objects`; of two boxes for one object the better score stays.
    """
    height, width = pixels.shape[:2]
    seen = look(detector, pixels, min_score)
    for tile in _tiles(width, height):
        seen.extend(_look(detector, pixels, tile, min_score, look))
    seen.sort(key=lambda item: (-item.score, item.box_px, item.label))
    kept: list[DetectedObject] = []
    for item in seen:
        if not any(_is_same(item, better) for better in kept):
            kept.append(item)
    return kept[:MAX_OBJECTS]


def detect_mirrored(detector: Detector, pixels: NDArray[np.uint8], min_score: float) -> list[DetectedObject]:
    """Look at a picture and at its mirror image; what both looks saw gets the mean score and the mean box.

    What one look alone saw counts half, so that it stays only when that look was very sure. What this gains is measured
    by `make eval-vision`.

    Args and returns: as `detect_objects`.
    """
    size = (pixels.shape[1], pixels.shape[0])
    shown, filled = prepare(detector.form, pixels)
    (straight, (boxes, scores)) = detector.run(np.concatenate([shown, shown[..., ::-1]]), min_score / 2)
    boxes = np.stack([shown.shape[3] - boxes[:, 2], boxes[:, 1], shown.shape[3] - boxes[:, 0], boxes[:, 3]], axis=1)
    turned = place(detector, (boxes, scores), filled, size, min_score / 2)
    joined: list[DetectedObject] = []
    for item in place(detector, straight, filled, size, min_score / 2):
        twin = next((other for other in turned if _is_twin(item, other)), None)
        if twin is None:
            joined.append(DetectedObject(item.label, round(item.score / 2, 4), item.box_px))
            continue
        turned.remove(twin)
        x0, y0, x1, y1 = (round((a + b) / 2, 2) for a, b in zip(item.box_px, twin.box_px, strict=True))
        joined.append(DetectedObject(item.label, round((item.score + twin.score) / 2, 4), (x0, y0, x1, y1)))
    joined.extend(DetectedObject(item.label, round(item.score / 2, 4), item.box_px) for item in turned)
    kept = (item for item in joined if item.score >= min_score)
    return sorted(kept, key=lambda item: (-item.score, item.box_px, item.label))[:MAX_OBJECTS]


def _is_twin(one: DetectedObject, other: DetectedObject) -> bool:
    return one.label == other.label and intersection_over_union(one.box_px, other.box_px) > SAME_OBJECT_IOU


def best_guesses(objects: Sequence[DetectedObject]) -> list[DetectedObject]:
    """One label an object: of boxes of different classes on the same place only the surest stays.

    Args:
        objects: Best score first.
    """
    kept: list[DetectedObject] = []
    for item in objects:
        if not any(intersection_over_union(item.box_px, better.box_px) > SAME_OBJECT_IOU for better in kept):
            kept.append(item)
    return kept


def _is_same(item: DetectedObject, better: DetectedObject) -> bool:
    return item.label == better.label and (
        intersection_over_union(item.box_px, better.box_px) > SAME_OBJECT_IOU
        or share_inside(item.box_px, better.box_px) > PART_OF_SHARE
    )


def _tiles(width: int, height: int) -> Iterator[Tile]:
    tile_width, tile_height = round(width * (1 + TILE_OVERLAP) / 2), round(height * (1 + TILE_OVERLAP) / 2)
    if min(tile_width, tile_height) < MIN_TILE_SIDE_PX:
        return
    for top in (0, height - tile_height):
        for left in (0, width - tile_width):
            yield left, top, left + tile_width, top + tile_height


def _look(
    detector: Detector, pixels: NDArray[np.uint8], tile: Tile, min_score: float, look: Look
) -> Iterator[DetectedObject]:
    left, top, right, bottom = tile
    height, width = pixels.shape[:2]
    found = look(detector, pixels[top:bottom, left:right], min_score)
    for item in found:
        x0, y0, x1, y1 = item.box_px
        is_cut = (
            (left > 0 and x0 < EDGE_PX)
            or (top > 0 and y0 < EDGE_PX)
            or (right < width and x1 > right - left - EDGE_PX)
            or (bottom < height and y1 > bottom - top - EDGE_PX)
        )
        if not is_cut:
            box = (round(x0 + left, 2), round(y0 + top, 2), round(x1 + left, 2), round(y1 + top, 2))
            yield DetectedObject(item.label, item.score, box)


def detect_thoroughly(detector: Detector, pixels: NDArray[np.uint8], min_score: float) -> list[DetectedObject]:
    """With tiles, each straight and mirrored: ten runs of the model. Args and returns: as `detect_objects`."""
    return detect_with_tiles(detector, pixels, min_score, detect_mirrored)
