"""Reading clean pages with tesseract: which pages, what its table means, and that nobody needs it."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agents_offchain.skills.errors import InferenceFailed, ModelMissing
from agents_offchain.skills.vision.inspect_image import inspect_image
from agents_offchain.skills.vision.models import VisionModels
from agents_offchain.skills.vision.settings import InspectSettings
from agents_offchain.skills.vision.tesseract import Tesseract, is_clean_page

pytestmark = pytest.mark.unit

HEADER = "level page_num block_num par_num line_num word_num left top width height conf text".replace(" ", "\t")
WORDS = [
    "1 1 0 0 0 0 0 0 800 600 -1 ",
    "5 1 1 1 1 1 40 30 100 20 96.5 Hello",
    "5 1 1 1 1 2 150 28 110 24 90.5 there",
    "5 1 1 1 2 1 40 70 90 20 20.0 smudge",
]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """A program of that name that says what the real one says, for one page."""
    (folder / "eng.traineddata").write_bytes(b"english")
    (folder / "table.tsv").write_text(table)
    program = folder / "tesseract"
    program.write_text(
        f"""#!/bin/sh
case "$1" in
  --version) echo "tesseract 5.3.0" ;;
  --list-langs) echo 'List of available languages in "{folder}/" (1):'; echo eng ;;
  *) cat > {folder}/given.png; [ -s {folder}/table.tsv ] && cat {folder}/table.tsv ;;
esac
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def page(grain: float = 0.0, paper: int = 250, turn: float = 0.0) -> NDArray[np.uint8]:
    picture = Image.new("RGB", (800, 600), (paper,) * 3)
    draw = ImageDraw.Draw(picture)
    for line in range(12):
        words = f"Line {line}: the quick brown fox jumps over it"
        draw.text((40, 30 + 40 * line), words, fill=(15, 15, 15), font=ImageFont.load_default(size=24))
    if turn:
        picture = picture.rotate(turn, fillcolor=(paper,) * 3)
    noise = np.random.default_rng(7).normal(0, grain, (600, 800, 1))
    return np.asarray((np.asarray(picture, np.float64) + noise).clip(0, 255), np.uint8)


@pytest.mark.parametrize(
    ("pixels", "is_clean"),
    [
        (page(), True),
        (page(grain=8), False),
        (page(paper=120), False),
        (page(turn=6), False),
        (np.full((600, 800, 3), 250, np.uint8), False),
        (np.zeros((600, 800, 3), np.uint8), False),
        (np.zeros((1, 1, 3), np.uint8), False),
    ],
)
def test_is_clean_page__by_paper_grain_and_tilt__tells_pages_apart(pixels: NDArray[np.uint8], is_clean: bool) -> None:
    assert is_clean_page(pixels) is is_clean


def test_is_clean_page__a_photograph__is_none(example_photo: bytes) -> None:
    assert not is_clean_page(cv2.cvtColor(cv2.imdecode(np.frombuffer(example_photo, np.uint8), 1), cv2.COLOR_BGR2RGB))


def test_read__words_of_a_table__become_lines_with_boxes_and_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "\n".join([HEADER, *(row.replace(" ", "\t", 11) for row in WORDS)]))
    reader = Tesseract.find()
    (line,) = reader.read(page(), 0.6)
    assert (reader.version, line.text, line.score) == ("5.3.0", "Hello there", 0.935)
    assert line.corners_px == ((40, 28), (260, 28), (260, 52), (40, 52))
    assert (tmp_path / "given.png").read_bytes().startswith(b"\x89PNG")


def test_find__not_installed__says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelMissing, match="not installed") as caught:
        Tesseract.find()
    assert "AITBC_TEXT_READER" in caught.value.mend


def test_find__without_english__is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "")
    (tmp_path / "eng.traineddata").unlink()
    with pytest.raises(ModelMissing, match="no English"):
        Tesseract.find()


@pytest.mark.parametrize("table", ["", HEADER + "\n" + "\t".join(["5"] + ["x"] * 11)])
def test_read__program_fails_or_babbles__is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    install(tmp_path, monkeypatch, table)
    with pytest.raises(InferenceFailed):
        Tesseract.find().read(page(), 0.6)


def test_inspect__operator_wants_tesseract__reads_pages_with_it_and_the_rest_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vision_models: VisionModels, example_photo: bytes
) -> None:
    install(tmp_path, monkeypatch, "\n".join([HEADER, *(row.replace(" ", "\t", 11) for row in WORDS)]))
    models = VisionModels(
        vision_models.detector, vision_models.ocr, vision_models.digests, vision_models.runtime, Tesseract.find()
    )
    buffer = io.BytesIO()
    Image.fromarray(page()).save(buffer, "PNG")
    clean = inspect_image(buffer.getvalue(), InspectSettings(), models)
    photo = inspect_image(example_photo, InspectSettings(), models)
    assert [line["text"] for line in clean.output["text"]] == ["Hello there"]
    assert clean.evidence["text_reader"] == "tesseract"
    assert photo.evidence["text_reader"] == "rapidocr"


def test_read__the_real_program__reads_a_clean_page() -> None:
    lines = Tesseract.find().read(page(), 0.5)
    assert [line.text for line in lines] == [f"Line {n}: the quick brown fox jumps over it" for n in range(12)]
