"""What an uploaded picture is, from its bytes alone, before anybody decodes it.

Reads only signatures, the size that the header states, and the end mark. Deeper damage is found by who inspects
the picture, in a process made for it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from agents_offchain.api.rest.errors import PictureDamaged, PictureRefused

KINDS = "JPEG, PNG, WebP, GIF or BMP"
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    """Media type and the size in pixels that the header states."""

    media_type: str
    width_px: int
    height_px: int


def probe_picture(data: bytes, max_pixels: int) -> Picture:
    """Look at the outside of a picture.

    Raises:
        PictureDamaged: empty, cut short, or larger than `max_pixels`.
        PictureRefused: not JPEG, PNG, WebP, GIF or BMP.
    """
    if not data:
        raise PictureDamaged("The file is empty.", mend=f"Choose a {KINDS} picture.")
    media_type = sniff_media_type(data)
    probe = _PROBES.get(media_type or "")
    if media_type is None or probe is None:
        raise PictureRefused("The file is not a picture that can be inspected.", mend=f"Send {KINDS}.")
    try:
        size = probe(data)
    except (struct.error, IndexError, ValueError) as error:
        raise _damaged() from error
    if size is None or 0 in size:
        raise _damaged()
    width, height = size
    if width * height > max_pixels:
        raise PictureDamaged(
            f"The picture is {width:,} by {height:,} pixels; at most {max_pixels:,} in all are taken.",
            mend="Scale it down.",
        )
    return Picture(media_type, width, height)


def sniff_media_type(data: bytes) -> str | None:
    """Media type of a picture by its signature; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "image/bmp"
    return None


def _damaged() -> PictureDamaged:
    return PictureDamaged("The picture is cut short or damaged.", mend="Open it, save it again, and send the new file.")


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Size from the first frame header; None without an end-of-image mark."""
    if b"\xff\xd9" not in data[-(1 << 16) :]:
        return None
    place = 2
    while place + 9 < len(data):
        if data[place] != 0xFF:
            raise ValueError("no marker")
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _STANDALONE_MARKERS:
            place += 2
        elif marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        else:
            place += 2 + max(struct.unpack_from(">H", data, place + 2)[0], 2)
    return None


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or b"IEND" not in data[-(1 << 16) :]:
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> tuple[int, int] | None:
    width, height = struct.unpack_from("<HH", data, 6)
    return (width, height) if b";" in data[-1024:] else None


def _bmp(data: bytes) -> tuple[int, int] | None:
    header_bytes = struct.unpack_from("<I", data, 14)[0]
    if header_bytes == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    pixels_at = struct.unpack_from("<I", data, 10)[0]
    return (abs(width), abs(height)) if pixels_at < len(data) else None


def _webp(data: bytes) -> tuple[int, int] | None:
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


_PROBES: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/gif": _gif,
    "image/bmp": _bmp,
}
