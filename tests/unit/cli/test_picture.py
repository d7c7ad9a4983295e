"""Every picture that cannot be inspected is refused before anything starts."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from agents_offchain.cli.demo.errors import MaterialMissing
from agents_offchain.cli.demo.picture import read_photograph
from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.vision.errors import (
    ImageDamaged,
    ImageEmpty,
    ImageFormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
)

pytestmark = pytest.mark.unit
MAX_BYTES = 20 << 20


def jpeg_bytes() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((320, 200), 60).save(buffer, "JPEG")
    return buffer.getvalue()


def png_bomb() -> bytes:
    """A small PNG that announces 60,000 by 60,000 pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_read_photograph__given_a_good_one__knows_its_size(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_bytes())
    photograph = read_photograph(path, MAX_BYTES)
    assert (photograph.width_px, photograph.height_px, photograph.media_type) == (320, 200, "image/jpeg")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", ImageEmpty),
        (b"hello, I am a text", ImageFormatUnsupported),
        (b"%PDF-1.7", ImageFormatUnsupported),
        (jpeg_bytes()[:2000], ImageDamaged),
        (png_bomb(), ImageTooManyPixels),
    ],
    ids=["empty", "text", "pdf", "truncated", "bomb"],
)
def test_read_photograph__given_a_bad_one__refuses_with_a_mend(
    tmp_path: Path, content: bytes, error: type[Refused]
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(error) as refusal:
        read_photograph(path, MAX_BYTES)
    assert refusal.value.exit_code == 2
    assert refusal.value.mend


def test_read_photograph__given_200_megabytes__refuses_without_reading(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(ImageTooLarge, match="200,000,000"):
        read_photograph(path, MAX_BYTES)


@pytest.mark.parametrize("name", ["missing.jpg", "folder"])
def test_read_photograph__given_no_file__refuses(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(MaterialMissing):
        read_photograph(tmp_path / name, MAX_BYTES)
