"""Drawing what was found onto the picture: boxes with labels, quadrilaterals around text lines, as a JPEG.

In: pixels and findings in the same pixels. Out: the same JPEG bytes for the same findings. The picture is scaled to at
most 1280 pixels on its longer side and compressed until it fits in one block of the artifact store.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.labels import COCO_LABELS
from agents_offchain.skills.vision.ocr import TextLine

MAX_SIDE_PX = 1280
MAX_BYTES = 1 << 20
QUALITIES = (85, 70, 50, 30, 10)
TEXT_COLOUR = (255, 214, 10)
INK = (16, 16, 16)
PALETTE = ((0, 200, 120), (64, 156, 255), (255, 105, 97), (191, 90, 242), (255, 159, 10), (90, 200, 250))


def annotate_image(pixels: NDArray[np.uint8], objects: Sequence[DetectedObject], lines: Sequence[TextLine]) -> bytes:
    """Draw objects and text lines and encode the picture.

    Args:
        pixels: `(height, width, 3)` uint8 RGB; not changed.
        objects: Boxes in pixels of ``pixels``.
        lines: Corners in pixels of ``pixels``; drawn with their number, counted from 1.

    Returns:
        A JPEG of at most 1 MiB without metadata.
    """
    picture = Image.fromarray(pixels)
    factor = min(1.0, MAX_SIDE_PX / max(picture.size))
    if factor < 1.0:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(picture)
    unit = max(1, round(max(picture.size) / 400))
    font = ImageFont.load_default(size=max(10, 6 * unit))
    for number, line in enumerate(lines, start=1):
        corners = [(x * factor, y * factor) for x, y in line.corners_px]
        draw.line([*corners, corners[0]], fill=TEXT_COLOUR, width=unit)
        _draw_tag(draw, font, str(number), (corners[0][0] - 3 * unit, corners[0][1]), TEXT_COLOUR)
    for item in reversed(objects):
        x0, y0, x1, y1 = (value * factor for value in item.box_px)
        colour = PALETTE[_number_of(item.label) % len(PALETTE)]
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=colour, width=2 * unit)
        _draw_tag(draw, font, f"{item.label} {item.score:.2f}", (x0, y0), colour)
    return _encode(picture)


def _number_of(label: str) -> int:
    """The same colour for one label on every picture, whatever detector knows it."""
    return COCO_LABELS.index(label) if label in COCO_LABELS else crc32(label.encode())


def _draw_tag(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    text: str,
    corner: tuple[float, float],
    colour: tuple[int, int, int],
) -> None:
    """A filled label with its lower left on the corner, moved inside where it would leave the picture."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 6, bottom - top + 6
    picture_width, picture_height = draw.im.size
    x = max(0.0, min(corner[0], picture_width - width))
    y = max(0.0, min(corner[1] - height, picture_height - height))
    draw.rectangle((x, y, x + width, y + height), fill=colour)
    draw.text((x + 3 - left, y + 3 - top), text, fill=INK, font=font)


def _encode(picture: Image.Image) -> bytes:
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling="4:2:0", optimize=False, progressive=False)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()
