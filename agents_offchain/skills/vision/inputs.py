"""Pixels as models take them in: one batch of one, channel by channel, scaled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]


def channels_first(
    pixels: NDArray[np.uint8], mean: Sequence[float], deviation: Sequence[float], order: int = 1
) -> Floats:
    """`(1, 3, height, width)` float32: (x - mean) / deviation of each channel.

    Args:
        pixels: `(height, width, 3)` uint8 RGB.
        mean, deviation: Of the channels as they come out, on values 0 to 255.
        order: 1 for RGB, -1 for BGR.
    """
    height, width = pixels.shape[:2]
    shown = np.empty((1, 3, height, width), np.float32)
    for plane, out, middle, spread in zip(cv2.split(pixels)[::order], shown[0], mean, deviation, strict=True):
        np.copyto(out, plane)  # made float whole and then scaled in place: quicker than both in one call
        out -= np.float32(middle)
        out /= np.float32(spread)
    return shown
