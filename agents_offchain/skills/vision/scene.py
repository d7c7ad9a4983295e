"""What kind of picture it is, by measurement: its light, sharpness and colours, and where things are in it.

Everything here is computed from pixels and boxes; nothing is guessed from a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.vision.classifier import ClassGuess
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.reasoning.colours import NamedColour, colour_shares
from agents_offchain.skills.vision.reasoning.geometry import region_of

SHARPNESS_SIDE_PX = 640
"""Sharpness depends on the size it is measured at; every larger picture is brought to this longer side first."""
DARK_BELOW, BRIGHT_FROM = 70.0, 180.0
FLAT_BELOW = 25.0
BLURRED_BELOW = 40.0
NAMED_COLOURS = 3
MIN_COLOUR_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Scene:
    """A description by measurement.

    Attributes:
        light: "dark", "even" or "bright" by ``mean_luma``, 0 to 255.
        contrast: Standard deviation of the luma, 0 to 127.5; ``is_flat`` under 25.
        sharpness: Variance of the Laplacian at 640 pixels (Pech-Pacheco et al., ICPR 2000); ``is_blurred`` under 40.
        colours: The commonest colours that cover at least a twentieth.
        layout: Label, how many, and in which of nine parts of the picture each is.
        classes: What the picture as a whole may show, the likeliest first, with calibrated scores.
    """

    light: Literal["dark", "even", "bright"]
    mean_luma: float
    contrast: float
    sharpness: float
    colours: tuple[NamedColour, ...]
    layout: tuple[tuple[str, int, tuple[str, ...]], ...]
    classes: tuple[ClassGuess, ...] = ()

    @property
    def is_flat(self) -> bool:
        return self.contrast < FLAT_BELOW

    @property
    def is_blurred(self) -> bool:
        return self.sharpness < BLURRED_BELOW

    def as_dict(self) -> dict[str, Any]:
        return {
            "light": self.light,
            "mean_luma": self.mean_luma,
            "contrast": self.contrast,
            "is_flat": self.is_flat,
            "sharpness": self.sharpness,
            "is_blurred": self.is_blurred,
            "colours": [{"name": colour.name, "share": colour.share} for colour in self.colours],
            "classes": [{"name": guess.name, "score": guess.score} for guess in self.classes],
            "layout": [{"label": label, "count": count, "places": list(at)} for label, count, at in self.layout],
        }


def describe_scene(
    pixels: NDArray[np.uint8],
    objects: Sequence[DetectedObject],
    classes: Sequence[ClassGuess] = (),
    size_px: tuple[int, int] | None = None,
) -> Scene:
    """Measure a picture.

    Args:
        pixels: `(height, width, 3)` uint8 RGB.
        objects: Boxes in the picture of ``size_px``.
        classes: From `classify`; told as they are.
        size_px: Width and height of the picture, where ``pixels`` are a smaller copy of it.
    """
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    mean = round(float(luma.mean()), 1)
    size = size_px or (int(pixels.shape[1]), int(pixels.shape[0]))
    counts = Counter(item.label for item in objects)
    return Scene(
        light="dark" if mean < DARK_BELOW else "bright" if mean >= BRIGHT_FROM else "even",
        mean_luma=mean,
        contrast=round(float(luma.std()), 1),
        sharpness=round(_sharpness(np.asarray(luma, np.uint8)), 1),
        colours=tuple(
            NamedColour(colour.name, round(colour.share, 2))
            for colour in colour_shares(pixels)[:NAMED_COLOURS]
            if colour.share >= MIN_COLOUR_SHARE
        ),
        layout=tuple(
            (label, count, tuple(region_of(item.box_px, size) for item in objects if item.label == label))
            for label, count in sorted(counts.items())
        ),
        classes=tuple(classes),
    )


def _sharpness(luma: NDArray[np.uint8]) -> float:
    factor = min(1.0, SHARPNESS_SIDE_PX / max(luma.shape))
    size = (max(1, round(luma.shape[1] * factor)), max(1, round(luma.shape[0] * factor)))
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_64F).var())
