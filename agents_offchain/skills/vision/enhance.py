"""Making a picture easier to read: less noise, more contrast, upright lines.

In and out: `(height, width, 3)` uint8 RGB. Nothing here invents content; what it gives text reading is measured by
`make eval-vision`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.vision.ocr import Corners

NOISE_WINDOW_PX = 3
CLIP_LIMIT, GRID = 2.0, 8
"""Of the adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994), on lightness alone."""
MAX_TILT_DEGREES, TILT_STEP_DEGREES = 15.0, 0.5
LEAST_TILT_DEGREES = 1.0
"""What is less tilted is read as well as it is."""
PROFILE_SIDE_PX = 600

Pixels = NDArray[np.uint8]


def denoise(pixels: Pixels) -> Pixels:
    """A median over 3 by 3 pixels: takes single wrong pixels away, keeps edges."""
    return np.asarray(cv2.medianBlur(pixels, NOISE_WINDOW_PX), np.uint8)


def raise_contrast(pixels: Pixels) -> Pixels:
    """Local contrast of a dark or flat picture; colours stay."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    lightness, *colour = cv2.split(lab)
    equal = cv2.createCLAHE(clipLimit=CLIP_LIMIT, tileGridSize=(GRID, GRID)).apply(lightness)
    return np.asarray(cv2.cvtColor(cv2.merge([equal, *colour]), cv2.COLOR_LAB2RGB), np.uint8)


def tilt_of(pixels: Pixels) -> float:
    """By how many degrees the lines of text are turned, anticlockwise positive, -15 to 15; 0 without lines.

    The turn under which the rows of ink are told apart best (projection profile: Postl, ICPR 1986).
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, PROFILE_SIDE_PX / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    luma = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    _, ink = cv2.threshold(luma, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if ink.mean() > 127:
        ink = 255 - ink
    angles = np.arange(-MAX_TILT_DEGREES, MAX_TILT_DEGREES + TILT_STEP_DEGREES, TILT_STEP_DEGREES)
    sharp = [_sharpness_of_rows(np.asarray(ink, np.uint8), float(angle)) for angle in angles]
    level = sharp[len(angles) // 2]
    best = int(np.argmax(sharp))
    return float(angles[best]) if sharp[best] > 1.2 * level else 0.0


def straighten(pixels: Pixels, tilt_degrees: float) -> tuple[Pixels, NDArray[np.float64]]:
    """Turn a picture so that lines of that tilt lie level; the frame grows so that nothing is cut off.

    Returns:
        The turned picture and the 2 by 3 matrix that takes its points back into the picture that was given.
    """
    height, width = pixels.shape[:2]
    turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), -tilt_degrees, 1.0), np.float64)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = (round(height * sine + width * cosine), round(height * cosine + width * sine))
    turn[:, 2] = turn[:, 2] + np.array([(size[0] - width) / 2, (size[1] - height) / 2])
    border = tuple(int(value) for value in np.median(pixels.reshape(-1, 3)[:: max(1, height * width // 4096)], axis=0))
    turned = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderValue=border)
    return np.asarray(turned, np.uint8), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def take_back(corners_px: Corners, back: NDArray[np.float64], size_px: tuple[int, int]) -> Corners:
    """Corners in the straightened picture as corners of the picture as it was, clipped to its width and height."""
    points = np.array(corners_px, np.float64) @ back[:, :2].T + back[:, 2]
    points = points.clip(0, size_px)
    return tuple((round(float(x), 2) + 0.0, round(float(y), 2) + 0.0) for x, y in points)


def _sharpness_of_rows(ink: Pixels, angle: float) -> float:
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    rows = cv2.warpAffine(ink, turn, (width, height), flags=cv2.INTER_NEAREST).sum(axis=1, dtype=np.float64)
    return float((np.diff(rows) ** 2).sum())
