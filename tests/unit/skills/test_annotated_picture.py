"""The drawn picture: where the marks are, how large it may be, and that it is always the same bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from agents_offchain.skills.vision.annotate import MAX_BYTES, annotate_image
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.ocr import TextLine

pytestmark = pytest.mark.unit

CAT = DetectedObject("cat", 0.9, (40.0, 50.0, 160.0, 140.0))
LINE = TextLine("HELLO", 0.99, ((20.0, 160.0), (120.0, 160.0), (120.0, 180.0), (20.0, 180.0)))


def drawn(pixels: np.ndarray, *marks: object) -> np.ndarray:
    objects = [mark for mark in marks if isinstance(mark, DetectedObject)]
    lines = [mark for mark in marks if isinstance(mark, TextLine)]
    return np.asarray(Image.open(io.BytesIO(annotate_image(pixels, objects, lines))))


def test_annotate_image__a_box_and_a_line__are_drawn_there_and_nowhere_else() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    before, after = drawn(grey).astype(int), drawn(grey, CAT, LINE).astype(int)
    changed = np.abs(after - before).max(axis=2) > 40
    assert changed[90:110, 38:44].any()  # left edge of the box
    assert changed[158:163, 60:100].any()  # top edge of the line
    assert not changed[70:120, 60:140].any()  # inside the box
    assert not changed[:20, 180:].any()
    assert (grey == 128).all()


def test_annotate_image__twice__is_the_same_bytes() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (300, 400, 3), np.uint8)
    assert annotate_image(noise, [CAT], [LINE]) == annotate_image(noise, [CAT], [LINE])


def test_annotate_image__large_picture__is_scaled_and_fits_one_block() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (2600, 3000, 3), np.uint8)
    encoded = annotate_image(noise, [], [])
    assert len(encoded) <= MAX_BYTES
    assert Image.open(io.BytesIO(encoded)).size == (1280, 1109)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (5, 5)])
def test_annotate_image__tiny_or_thin_picture__is_still_a_picture(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 3), np.uint8)
    mark = DetectedObject("person", 1.0, (0.0, 0.0, float(shape[1]), float(shape[0])))
    assert annotate_image(pixels, [mark], [])[:2] == b"\xff\xd8"


def test_annotate_image__box_without_area__is_drawn_all_the_same() -> None:
    assert annotate_image(np.zeros((50, 50, 3), np.uint8), [DetectedObject("cat", 0.5, (9.0, 9.0, 9.0, 9.0))], [])
