"""Reading a clean page with tesseract, where the operator has installed it and wants it; never needed.

It is the better reader of clean print and the worse one of photographs, so it is asked only about pages: light, even
paper with dark, level lines. Everything else is read by PP-OCR as ever. Which one read stands in the evidence, with the
program's version and the digest of its language file: a reporter agrees only when it reads with the same one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.errors import InferenceFailed, ModelMissing
from agents_offchain.skills.vision.enhance import LEAST_TILT_DEGREES, tilt_of
from agents_offchain.skills.vision.ocr import MAX_LINES, TextLine

LANGUAGE = "eng"
MEND = "Install tesseract-ocr and tesseract-ocr-eng, or unset AITBC_TEXT_READER."
SECONDS = 60
PAPER_FROM_LUMA = 200
PAPER_WITHIN = 10
PAPER_SHARE = 0.6
"""Of the pixels: so near to the commonest brightness, as nothing but an evenly lit page is."""
MOST_GRAIN = 2.5
"""Standard deviation of the paper's brightness, of 255."""
INK_SHARE = (0.002, 0.35)
WORD_LEVEL = "5"


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The program as it is installed.

    Attributes:
        digest: ``sha256:<hex>`` of the language file.
    """

    program: str
    version: str
    digest: str

    @classmethod
    def find(cls) -> Tesseract:
        """The installed program.

        Raises:
            ModelMissing: it, or its English, is not installed.
        """
        program = shutil.which("tesseract")
        if program is None:
            raise ModelMissing("The text reader tesseract is not installed.", mend=MEND)
        version = re.search(r"tesseract v?(\S+)", _said(program, "--version"))
        folder = re.search(r'"([^"]+)"', _said(program, "--list-langs"))
        file = Path(folder[1]) / f"{LANGUAGE}.traineddata" if folder else None
        if file is None or not file.is_file():
            raise ModelMissing("The text reader tesseract has no English.", mend=MEND)
        digest = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
        return cls(program, version[1] if version else "unknown", digest)

    def read(self, pixels: NDArray[np.uint8], min_score: float) -> list[TextLine]:
        """Lines of a page; args and returns as `read_text`, a line's score is the mean of its words'.

        Raises:
            InferenceFailed: the program failed or took too long.
        """
        is_made, png = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        if not is_made:
            raise InferenceFailed("The page could not be handed to tesseract.", model="tesseract")
        done = _run(self.program, "stdin", "stdout", "-l", LANGUAGE, "--psm", "3", "tsv", given=png.tobytes())
        table = done.stdout.decode(errors="replace")
        return [line for line in _lines(table) if line.score >= min_score][:MAX_LINES]


def is_clean_page(pixels: NDArray[np.uint8]) -> bool:
    """True for evenly light paper without grain that carries some dark, level ink."""
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    counts = np.bincount(luma.ravel(), minlength=256)
    paper = int(counts.argmax())
    if paper < PAPER_FROM_LUMA:
        return False
    near = luma[np.abs(luma.astype(np.int16) - paper) <= PAPER_WITHIN]
    ink = float((luma < paper / 2).mean())
    if near.size < PAPER_SHARE * luma.size or near.std() > MOST_GRAIN or not INK_SHARE[0] <= ink <= INK_SHARE[1]:
        return False
    return abs(tilt_of(pixels)) < LEAST_TILT_DEGREES


def _lines(table: str) -> list[TextLine]:
    words: dict[tuple[int, ...], list[tuple[str, float, tuple[int, int, int, int]]]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if row.get("level") != WORD_LEVEL or not text:
            continue
        try:
            place = tuple(int(row[name]) for name in ("block_num", "par_num", "line_num"))
            left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
            score = float(row["conf"]) / 100
        except (KeyError, TypeError, ValueError) as error:
            raise InferenceFailed("The answer of tesseract cannot be read.", model="tesseract") from error
        words[place].append((text, score, (left, top, left + width, top + height)))
    return [_line(found) for _, found in sorted(words.items())]


def _line(words: list[tuple[str, float, tuple[int, int, int, int]]]) -> TextLine:
    boxes = np.array([box for _, _, box in words], np.float64)
    x0, y0, x1, y1 = (float(value) for value in (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)))
    score = round(float(np.mean([score for _, score, _ in words])), 4)
    return TextLine(" ".join(text for text, _, _ in words), score, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _said(*command: str) -> str:
    """What the program says of itself; older ones say it to the error stream."""
    done = _run(*command)
    return (done.stdout + done.stderr).decode(errors="replace")


def _run(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise InferenceFailed("The text reader tesseract could not be run.", mend=MEND, model="tesseract") from error
