"""Pictures with exact truth: sprites cut from the shipped photographs, pasted at known places, with known words.

The sprites are rectangles of `examples/photos/contact-sheet.jpg`; the backgrounds are seeded gradients with grain. The
truth of a scene is what was pasted, so boxes, counts, relations and words need nobody's judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agents_offchain.skills.vision.boxes import Box

SHEET = Path(__file__).parents[3] / "examples" / "photos" / "contact-sheet.jpg"
SPRITES: dict[str, tuple[tuple[int, int, int, int], tuple[int, int, int, int]]] = {
    "person": ((40, 62, 460, 578), (49, 103, 387, 578)),
    "cat": ((520, 62, 958, 352), (563, 94, 950, 349)),
    "cup": ((330, 640, 760, 960), (423, 649, 684, 931)),
}
"""Label: the rectangle that is cut, and the object's box, both in pixels of the sheet."""
WORDS = ("OPEN", "EXIT", "MARKET", "PLATFORM 4", "NO PARKING", "GATE 12", "COFFEE", "TICKETS")
SIZE_PX = (1000, 760)
CELLS = (3, 2)
"""Scenes are laid out on a grid of columns and rows, with room to shift, so that nothing hides another."""


@dataclass(frozen=True, slots=True)
class PlacedObject:
    label: str
    box_px: Box


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """`pixels` `(760, 1000, 3)` uint8 RGB; ``objects`` and ``word`` are the truth; an empty word means none."""

    number: int
    pixels: NDArray[np.uint8]
    objects: tuple[PlacedObject, ...]
    word: str


def compose_scene(number: int, seed: int = 20261122) -> Scene:
    """Scene ``number`` of the endless series of one seed."""
    chance = np.random.default_rng((seed, number))
    sheet = Image.open(SHEET).convert("RGB")
    picture = Image.fromarray(_background(chance))
    cells = [(column, row) for column in range(CELLS[0]) for row in range(CELLS[1])]
    chosen = chance.permutation(len(cells))
    count = int(chance.integers(1, 5))
    objects = tuple(_paste(picture, sheet, cells[int(index)], chance) for index in chosen[:count])
    word = ""
    if chance.random() < 0.6:
        word = WORDS[int(chance.integers(len(WORDS)))]
        _write(picture, word, cells[int(chosen[count])], chance)
    return Scene(number, np.array(picture, dtype=np.uint8), objects, word)


def _background(chance: np.random.Generator) -> NDArray[np.uint8]:
    width, height = SIZE_PX
    corners = chance.uniform(90, 220, size=(2, 2, 3))
    down = np.linspace(0, 1, height)[:, None, None]
    across = np.linspace(0, 1, width)[None, :, None]
    top = corners[0, 0] * (1 - across) + corners[0, 1] * across
    bottom = corners[1, 0] * (1 - across) + corners[1, 1] * across
    grain = chance.normal(0, 6, size=(height, width, 1))
    return np.asarray((top * (1 - down) + bottom * down + grain).clip(0, 255), np.uint8)


def _paste(
    picture: Image.Image, sheet: Image.Image, cell: tuple[int, int], chance: np.random.Generator
) -> PlacedObject:
    label = list(SPRITES)[int(chance.integers(len(SPRITES)))]
    cut, box = SPRITES[label]
    sprite = sheet.crop(cut)
    cell_width, cell_height = SIZE_PX[0] // CELLS[0], SIZE_PX[1] // CELLS[1]
    fits = min((cell_width - 10) / sprite.width, (cell_height - 10) / sprite.height)
    factor = fits * chance.uniform(0.75, 1.0)
    size = (round(sprite.width * factor), round(sprite.height * factor))
    is_mirrored = bool(chance.random() < 0.5)
    sprite = sprite.resize(size, Image.Resampling.LANCZOS)
    light = chance.uniform(0.8, 1.15)
    sprite = sprite.point(lambda value: min(255, round(value * light)))
    inner = [value * factor for value in (box[0] - cut[0], box[1] - cut[1], box[2] - cut[0], box[3] - cut[1])]
    if is_mirrored:
        sprite = sprite.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        inner[0], inner[2] = size[0] - inner[2], size[0] - inner[0]
    left = cell[0] * cell_width + int(chance.integers(0, cell_width - size[0] + 1))
    top = cell[1] * cell_height + int(chance.integers(0, cell_height - size[1] + 1))
    picture.paste(sprite, (left, top))
    return PlacedObject(label, (left + inner[0], top + inner[1], left + inner[2], top + inner[3]))


def _write(picture: Image.Image, word: str, cell: tuple[int, int], chance: np.random.Generator) -> None:
    cell_width, cell_height = SIZE_PX[0] // CELLS[0], SIZE_PX[1] // CELLS[1]
    font = ImageFont.load_default(size=int(chance.integers(30, 44)))
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = draw.textbbox((0, 0), word, font=font)
    width, height = int(right - left) + 24, int(bottom - top) + 24
    x = cell[0] * cell_width + int(chance.integers(0, max(1, cell_width - width)))
    y = cell[1] * cell_height + int(chance.integers(0, max(1, cell_height - height)))
    draw.rectangle((x, y, x + width, y + height), fill=(245, 245, 240))
    draw.text((x + 12 - left, y + 12 - top), word, fill=(20, 20, 30), font=font)
