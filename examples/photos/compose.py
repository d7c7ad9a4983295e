"""Make ``contact-sheet.jpg``: three public photographs on one sheet with printed captions.

Run: ``python examples/photos/compose.py path/to/skimage/data`` (the folder that scikit-image installs). The photographs
are scaled and not retouched; the captions are set in the font that Pillow carries. The result is committed, so nobody
needs to run this.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SHEET_PX = (1000, 1060)
PAPER = (250, 248, 242)
INK = (24, 24, 28)
TITLE = ("CONTACT SHEET 07", (40, 28), 34)
# file, box on the sheet (left, top, width, height), caption below it
PHOTOGRAPHS = (
    ("astronaut.png", (40, 90, 480, 480), "EILEEN COLLINS, NASA ASTRONAUT"),
    ("chelsea.png", (560, 90, 400, 265), "CHELSEA THE CAT"),
    ("coffee.png", (300, 630, 540, 360), "COFFEE 3.50 DOLLARS"),
)
CAPTION_SIZE_PX = 26


def compose_sheet(folder: Path) -> Image.Image:
    sheet = Image.new("RGB", SHEET_PX, PAPER)
    draw = ImageDraw.Draw(sheet)
    title, corner, size = TITLE
    draw.text(corner, title, fill=INK, font=ImageFont.load_default(size=size))
    for name, (left, top, width, height), caption in PHOTOGRAPHS:
        with Image.open(folder / name) as photograph:
            scaled = photograph.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(scaled, (left, top))
        font = ImageFont.load_default(size=CAPTION_SIZE_PX)
        draw.text((left, top + height + 14), caption, fill=INK, font=font)
    return sheet


if __name__ == "__main__":
    target = Path(__file__).with_name("contact-sheet.jpg")
    compose_sheet(Path(sys.argv[1])).save(target, "JPEG", quality=88, subsampling="4:2:0")
