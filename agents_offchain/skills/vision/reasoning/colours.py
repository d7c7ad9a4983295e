"""Naming the colour of a part of a picture.

In: RGB pixels. Out: one of eleven basic colour terms (Berlin and Kay, "Basic Color Terms", 1969) with the share of the
pixels that carry it. The borders in hue, saturation and value are ours; they are coarse on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.vision.boxes import Box

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "grey", "white")
ALIASES = {"gray": "grey", "violet": "purple"}

BLACK_BELOW = 50
"""Value of 255 under which every hue looks black."""
GREY_BELOW = 45
"""Saturation of 255 under which no hue is seen."""
WHITE_FROM = 190
HUE_BORDERS = (10, 22, 34, 85, 130, 150, 172)
"""In OpenCV's half degrees, 0 to 179: red up to 10, then orange, yellow, green, blue, purple, pink, red again."""
HUE_NAMES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "red")
BROWN_BELOW = 170
"""An orange or red-orange darker than this looks brown."""
CENTRE_SHARE = 0.7
"""A box holds background in its corners; its centre is what is asked about."""
MAX_SAMPLES_SIDE = 96


@dataclass(frozen=True, slots=True)
class NamedColour:
    """``name`` is one of `COLOURS`; ``share`` of the pixels looked at, in [0, 1]."""

    name: str
    share: float


def colour_shares(pixels: NDArray[np.uint8]) -> tuple[NamedColour, ...]:
    """The colours of a picture, the commonest first; ties by the order of `COLOURS`.

    Args:
        pixels: `(height, width, 3)` uint8 RGB, at least one pixel.
    """
    small = _shrink(pixels)
    hue, saturation, value = (
        channel.ravel().astype(np.int16) for channel in cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    )
    named = np.array([COLOURS.index(name) for name in HUE_NAMES])[np.digitize(hue, HUE_BORDERS, right=True)]
    is_brownish = (named == COLOURS.index("orange")) | (named == COLOURS.index("red")) & (hue > 4) & (
        hue <= HUE_BORDERS[0]
    )
    named = np.where(is_brownish & (value < BROWN_BELOW), COLOURS.index("brown"), named)
    is_grey = saturation < GREY_BELOW
    named = np.where(is_grey, np.where(value >= WHITE_FROM, COLOURS.index("white"), COLOURS.index("grey")), named)
    named = np.where(value < BLACK_BELOW, COLOURS.index("black"), named)
    counts = np.bincount(named, minlength=len(COLOURS))
    order = sorted(range(len(COLOURS)), key=lambda index: (-int(counts[index]), index))
    return tuple(NamedColour(COLOURS[index], int(counts[index]) / named.size) for index in order if counts[index])


def colour_of_box(pixels: NDArray[np.uint8], box_px: Box) -> tuple[NamedColour, ...]:
    """The colours in the centre of a box, the commonest first; empty for a box without a whole pixel.

    Args:
        pixels: `(height, width, 3)` uint8 RGB.
        box_px: x0 y0 x1 y1 in pixels of ``pixels``.
    """
    x0, y0, x1, y1 = box_px
    margin_x, margin_y = (x1 - x0) * (1 - CENTRE_SHARE) / 2, (y1 - y0) * (1 - CENTRE_SHARE) / 2
    part = pixels[
        max(0, round(y0 + margin_y)) : max(0, round(y1 - margin_y)),
        max(0, round(x0 + margin_x)) : max(0, round(x1 - margin_x)),
    ]
    return colour_shares(part) if part.size else ()


def _shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    size = (min(width, MAX_SAMPLES_SIDE), min(height, MAX_SAMPLES_SIDE))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
