"""How two boxes of a picture stand to each other, and where in the picture a box is. Pure arithmetic on pixels.

"Left of" compares centres and asks that the boxes do not share most of their width: of two cats side by side one is
left of the other, of a person behind a table nobody would say so.
"""

from __future__ import annotations

from agents_offchain.skills.vision.boxes import Box, area, intersection_over_union, share_inside
from agents_offchain.skills.vision.reasoning.program import Region, Relation

MAX_SHARED = 0.5
"""Of the narrower box's extent along the axis of a direction."""
NEAR_GAP = 0.5
"""Of the larger box's longer side; the gap between edges, 0 when they touch or overlap."""
INSIDE_SHARE = 0.8
"""Of the inner box's area."""


def centre_of(box_px: Box) -> tuple[float, float]:
    """x and y in pixels."""
    x0, y0, x1, y1 = box_px
    return (x0 + x1) / 2, (y0 + y1) / 2


def stands(box_px: Box, relation: Relation, anchor_px: Box) -> bool:
    """True when the first box stands so to the anchor; both in pixels of one picture."""
    match relation:
        case "left of":
            return _is_before(box_px, anchor_px, axis=0)
        case "right of":
            return _is_before(anchor_px, box_px, axis=0)
        case "above":
            return _is_before(box_px, anchor_px, axis=1)
        case "below":
            return _is_before(anchor_px, box_px, axis=1)
        case "near":
            return _gap(box_px, anchor_px) <= NEAR_GAP * max(_longer_side(box_px), _longer_side(anchor_px))
        case "inside":
            return area(box_px) < area(anchor_px) and share_inside(box_px, anchor_px) >= INSIDE_SHARE
        case "overlapping":
            return intersection_over_union(box_px, anchor_px) > 0


def is_in_region(box_px: Box, region: Region, size_px: tuple[int, int]) -> bool:
    """True when the box's centre is in that part: halves of the picture, or its middle third both ways."""
    x, y = centre_of(box_px)
    width, height = size_px
    match region:
        case "left":
            return x < width / 2
        case "right":
            return x >= width / 2
        case "top":
            return y < height / 2
        case "bottom":
            return y >= height / 2
        case "middle":
            return width / 3 <= x < width * 2 / 3 and height / 3 <= y < height * 2 / 3


def region_of(box_px: Box, size_px: tuple[int, int]) -> str:
    """Which of nine equal parts of the picture the box's centre is in: "top left", "middle", "bottom right"..."""
    x, y = centre_of(box_px)
    column = min(2, int(3 * x / size_px[0]))
    row = min(2, int(3 * y / size_px[1]))
    vertical, horizontal = ("top", "", "bottom")[row], ("left", "", "right")[column]
    return " ".join(word for word in (vertical, horizontal) if word) or "middle"


def _is_before(first: Box, second: Box, axis: int) -> bool:
    low, high = (first[axis], first[axis + 2]), (second[axis], second[axis + 2])
    shared = min(low[1], high[1]) - max(low[0], high[0])
    narrower = min(low[1] - low[0], high[1] - high[0])
    return sum(low) < sum(high) and shared <= MAX_SHARED * narrower


def _gap(one: Box, other: Box) -> float:
    across = max(0.0, max(one[0], other[0]) - min(one[2], other[2]))
    down = max(0.0, max(one[1], other[1]) - min(one[3], other[3]))
    return float((across**2 + down**2) ** 0.5)


def _longer_side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])
