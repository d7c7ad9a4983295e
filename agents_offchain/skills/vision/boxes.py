"""Arithmetic of boxes: x0 y0 x1 y1 in pixels of one picture, x1 and y1 outside."""

from __future__ import annotations

from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]


def area(box_px: Box) -> float:
    """In square pixels."""
    return (box_px[2] - box_px[0]) * (box_px[3] - box_px[1])


def shared_area(one_px: Box, other_px: Box) -> float:
    """Of the intersection, in square pixels."""
    width = min(one_px[2], other_px[2]) - max(one_px[0], other_px[0])
    height = min(one_px[3], other_px[3]) - max(one_px[1], other_px[1])
    return max(0.0, width) * max(0.0, height)


def intersection_over_union(one_px: Box, other_px: Box) -> float:
    """In [0, 1]; 0 for two boxes without area."""
    shared = shared_area(one_px, other_px)
    union = area(one_px) + area(other_px) - shared
    return shared / union if union > 0 else 0.0


def share_inside(inner_px: Box, outer_px: Box) -> float:
    """How much of the first box lies in the second, in [0, 1]; 0 for a box without area."""
    return shared_area(inner_px, outer_px) / area(inner_px) if area(inner_px) > 0 else 0.0
