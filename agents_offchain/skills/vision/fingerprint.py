"""A picture's fingerprint: 64 bits that stay when it is scaled, compressed or brightened.

In: RGB pixels. Out: an integer. The bits say which of the 64 lowest frequencies of the picture, 32 pixels wide and
without colour, lie above their median (perceptual hash: Zauner, "Implementation and Benchmarking of Perceptual Image
Hash Functions", 2010). Mirrored or strongly cropped copies get another one. How well it tells copies from other
pictures is measured by `make eval-vision`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX = 32
FREQUENCIES = 8
SAME_PICTURE_BITS = 10
"""Fingerprints that differ in at most so many bits are of one picture."""
BITS_SET = np.array([byte.bit_count() for byte in range(256)], np.uint8)


def fingerprint(pixels: NDArray[np.uint8]) -> int:
    """64 bits of a picture `(height, width, 3)` uint8 RGB."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(luma, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:FREQUENCIES, :FREQUENCIES].ravel()
    bits = low > np.median(low[1:])  # the first is the mean brightness, which says nothing about the content
    return int("".join("1" if bit else "0" for bit in bits), 2)


def differing_bits(one: int, other: int) -> int:
    """0 to 64."""
    return (one ^ other).bit_count()


def same_pictures(one: int, others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """`is_same_picture` for each of many, `(n,)`."""
    differing = (others ^ np.uint64(one)).view(np.uint8).reshape(-1, 8)
    return np.asarray(BITS_SET[differing].sum(axis=1) <= SAME_PICTURE_BITS)


def is_same_picture(one: int, other: int) -> bool:
    """True when two fingerprints are near enough to be of one picture."""
    return differing_bits(one, other) <= SAME_PICTURE_BITS


def in_words(found: int) -> str:
    """Sixteen hex digits, as result documents have it."""
    return f"{found:016x}"
