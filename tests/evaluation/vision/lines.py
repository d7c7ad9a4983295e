"""Rendered lines of text, clean and distorted, and the error of what was read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SENTENCES = (
    "The pay is locked before work begins",
    "Three reporters check every result",
    "Invoice 20417 due on 30 November",
    "Total 1,284.50 dollars with tax",
    "Platform 4 departs at 17:35",
    "Please keep this side up",
    "Batch 88-C made in week 41",
    "No entry without a valid ticket",
    "Store below 25 degrees, keep dry",
    "Gate 12 closes in ten minutes",
    "Order 5561: two cups, one plate",
    "Market opens Saturday at eight",
)


@dataclass(frozen=True, slots=True, eq=False)
class RenderedLine:
    """`pixels` `(160, width, 3)` uint8 RGB showing ``text``."""

    pixels: NDArray[np.uint8]
    text: str


def render_lines(count: int, *, is_distorted: bool, seed: int = 20261122) -> list[RenderedLine]:
    """The first ``count`` lines of a seed; distorted ones are blurred, grainy, tilted, unevenly lit and compressed."""
    lines = []
    for number in range(count):
        chance = np.random.default_rng((seed, number))
        text = SENTENCES[number % len(SENTENCES)]
        pixels = _draw(text, chance)
        lines.append(RenderedLine(_distort(pixels, chance) if is_distorted else pixels, text))
    return lines


def _draw(text: str, chance: np.random.Generator) -> NDArray[np.uint8]:
    font = ImageFont.load_default(size=int(chance.integers(28, 44)))
    width = int(font.getlength(text)) + 120
    paper = int(chance.integers(215, 256))
    picture = Image.new("RGB", (width, 160), (paper, paper, paper))
    ink = int(chance.integers(0, 60))
    ImageDraw.Draw(picture).text((60, 55), text, fill=(ink, ink, ink), font=font)
    return np.array(picture, dtype=np.uint8)


def _distort(pixels: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    tilt = cv2.getRotationMatrix2D((width / 2, height / 2), float(chance.uniform(-2.5, 2.5)), 1.0)
    border = tuple(int(value) for value in pixels[0, 0])
    turned = cv2.warpAffine(pixels, tilt, (width, height), borderValue=border)
    blurred = cv2.GaussianBlur(turned, (0, 0), float(chance.uniform(0.6, 1.3))).astype(np.float64)
    light = np.linspace(chance.uniform(0.65, 1.0), chance.uniform(0.65, 1.0), width)[None, :, None]
    grainy = (blurred * light + chance.normal(0, 10, size=blurred.shape)).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grainy).save(buffer, "JPEG", quality=int(chance.integers(35, 70)))
    return np.array(Image.open(buffer).convert("RGB"), dtype=np.uint8)


def character_errors(read: Sequence[str], text: str) -> int:
    """Levenshtein distance between what was read, joined in order, and the text."""
    found = " ".join(read)
    row = list(range(len(text) + 1))
    for i, left in enumerate(found, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(text, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
