"""Reading a picture's text with the reader that suits it; what is noisy, flat or tilted is mended first if asked.

Corners are told in the picture as it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.vision.enhance import (
    LEAST_TILT_DEGREES,
    denoise,
    raise_contrast,
    straighten,
    take_back,
    tilt_of,
)
from agents_offchain.skills.vision.models import TESSERACT, VisionModels
from agents_offchain.skills.vision.ocr import TextLine, read_text
from agents_offchain.skills.vision.tesseract import is_clean_page

RAPIDOCR = "rapidocr"


@dataclass(frozen=True, slots=True)
class Reading:
    """Text lines and who read them: `TESSERACT` a clean page where the operator has set that, else `RAPIDOCR`."""

    reader: str
    lines: list[TextLine]


def read_picture(
    models: VisionModels, pixels: NDArray[np.uint8], min_score: float, *, is_mended: bool = False
) -> Reading:
    """Text lines of a picture.

    Args:
        is_mended: Noise, contrast and tilt are mended first; a clean page needs none of that.

    Raises:
        InferenceFailed: the reader could not be run.
    """
    if models.pages is not None and is_clean_page(pixels):
        return Reading(TESSERACT, models.pages.read(pixels, min_score))
    return Reading(RAPIDOCR, (read_mended_text if is_mended else read_text)(models.ocr, pixels, min_score))


def read_mended_text(engine: Any, pixels: NDArray[np.uint8], min_score: float) -> list[TextLine]:
    """Text lines of a picture after denoising, contrast and straightening.

    Args, returns and errors: as `read_text`; corners are in the picture as it was given.
    """
    mended = raise_contrast(denoise(pixels))
    tilt = tilt_of(mended)
    if abs(tilt) < LEAST_TILT_DEGREES:
        return read_text(engine, mended, min_score)
    level, back = straighten(mended, tilt)
    size = (pixels.shape[1], pixels.shape[0])
    return [
        TextLine(line.text, line.score, take_back(line.corners_px, back, size))
        for line in read_text(engine, level, min_score)
    ]
