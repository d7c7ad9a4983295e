"""The photograph, checked whole before anything is started or paid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents_offchain.cli.demo.errors import MaterialMissing
from agents_offchain.primitives.canonical import sha256
from agents_offchain.skills.vision.errors import ImageTooLarge
from agents_offchain.skills.vision.image import decode_image


@dataclass(frozen=True)
class Photograph:
    """A picture that can be inspected; size in pixels as a person sees it."""

    path: Path
    data: bytes
    media_type: str
    width_px: int
    height_px: int

    @property
    def sha256_hex(self) -> str:
        return sha256(self.data).hex()


def read_photograph(path: Path, max_bytes: int) -> Photograph:
    """Read and decode a picture.

    Raises:
        MaterialMissing: no readable file is there.
        ImageTooLarge: more than `max_bytes`; it was not read.
        ImageRefused: empty, not a picture, damaged, or announcing too many pixels.
    """
    try:
        if not path.is_file():
            raise MaterialMissing(f"There is no file at {path}.", mend="Name a JPEG, PNG, WebP, GIF or BMP file.")
        size = path.stat().st_size
        if size > max_bytes:
            raise ImageTooLarge(
                f"The picture has {size:,} bytes; at most {max_bytes:,} are taken.",
                mend="Save it smaller or with more compression.",
                size_bytes=size,
                limit_bytes=max_bytes,
            )
        data = path.read_bytes()
    except OSError as error:
        raise MaterialMissing(f"{path} cannot be read: {error.strerror}.", mend="Check its permissions.") from error
    decoded = decode_image(data)
    return Photograph(path, data, decoded.media_type, decoded.width, decoded.height)
