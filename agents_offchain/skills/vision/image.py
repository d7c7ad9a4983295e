"""Safe decoding of a picture from bytes that nobody has checked.

In: bytes. Out: upright, opaque 8-bit RGB pixels. Sizes are checked twice before a pixel is decoded: the file's bytes,
then the width and height that its header states. It opens only the format that the first bytes show, reads only the
first frame, and answers everything else with a sentence for the person who sent the file.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from agents_offchain.skills.vision.errors import (
    DECODER_ERRORS,
    ImageDamaged,
    ImageEmpty,
    ImageFormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
)
from agents_offchain.skills.vision.settings import DecodeLimits

SUPPORTED = "JPEG, PNG, WebP, GIF or BMP"
DEFAULT_LIMITS = DecodeLimits()
SMALL_SIDE_PX, THUMBNAIL_SIDE_PX = 832, 448
"""Twice what the shipped detector and classifier take in: less, and what is made smaller twice is seen worse."""
MAX_PROFILE_BYTES = 4 << 20
PROFILED_MODES = {"RGB": ("RGB",), "CMYK": ("CMYK",)}
"""Modes whose colour profile is heeded, with what the profile has to be about."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    media_type: str
    decoders: tuple[str, ...]


JPEG = PictureFormat("image/jpeg", ("JPEG",))
PNG = PictureFormat("image/png", ("PNG",))
WEBP = PictureFormat("image/webp", ("WEBP",))
GIF = PictureFormat("image/gif", ("GIF",))
BMP = PictureFormat("image/bmp", ("BMP",))

KNOWN_BUT_REFUSED = {
    b"%PDF": "a PDF document",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"<svg": "an SVG drawing",
    b"<?xm": "an XML document",
    b"<!DO": "a web page",
    b"<htm": "a web page",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b\x08": "a gzip archive",
    b"{": "a JSON document",
}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """A picture as a person sees it.

    Attributes:
        pixels: `(height, width, 3)` uint8, RGB, upright (EXIF orientation applied), transparency over white; read-only.
        small: The same picture with its shorter side at most `SMALL_SIDE_PX`, made once for all that look at it whole.
        thumbnail: The same as `thumbnail_of` has it, for what is true of it as a whole.
        media_type: What the bytes were.
        sha256: Hex digest of the bytes.
    """

    pixels: NDArray[np.uint8]
    small: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]
    media_type: str
    sha256: str

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


def sniff_media_type(data: bytes) -> str:
    """Media type of a supported picture by its first bytes alone.

    Raises:
        ImageEmpty: no bytes.
        ImageFormatUnsupported: the bytes do not begin like a supported format.
    """
    return _sniff(data).media_type


def _sniff(data: bytes) -> PictureFormat:
    if not data:
        raise ImageEmpty("The picture is empty: it has 0 bytes.", mend=f"Send a {SUPPORTED} file.")
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return GIF
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return BMP
    if data[4:8] == b"ftyp":
        found = "a HEIC or AVIF picture, or a video"
    else:
        head = data[:16].lstrip()
        found = next((name for magic, name in KNOWN_BUT_REFUSED.items() if head.startswith(magic)), "")
    raise ImageFormatUnsupported(
        f"The file is {found}, not a picture that can be inspected." if found else "The file is not a picture.",
        mend=f"Convert it to {SUPPORTED} and send it again.",
    )


def decode_image(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> DecodedImage:
    """Decode the first frame of a picture to upright RGB.

    Args:
        data: The file's bytes; at most ``limits.max_bytes``.
        limits: Bounds on bytes, pixels and sides, checked before decoding.

    Raises:
        ImageEmpty: no bytes.
        ImageTooLarge: more bytes than the limit.
        ImageFormatUnsupported: not JPEG, PNG, WebP, GIF or BMP.
        ImageTooManyPixels: the header announces more than the limits; nothing was decoded.
        ImageDamaged: truncated or malformed.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(
            f"The picture has {len(data):,} bytes; at most {limits.max_bytes:,} are read.",
            mend="Save it smaller or with more compression.",
            size_bytes=len(data),
            limit_bytes=limits.max_bytes,
        )
    found = _sniff(data)
    try:
        # Pillow's own bomb warning is superseded by our bound, which is checked before any pixel is decoded.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=found.decoders) as picture:
                _require_size(picture.size, limits)
                picture.load()
                pixels = _to_rgb(picture)
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(
            "The picture announces far more pixels than can be decoded.", mend="Scale it down."
        ) from error
    except DECODER_ERRORS as error:
        raise ImageDamaged(
            "The picture is damaged: it is cut short or malformed.",
            mend="Open it, save it again as JPEG or PNG, and send the new file.",
        ) from error
    small = shrink(pixels, SMALL_SIDE_PX)
    return DecodedImage(pixels, small, thumbnail_of(small), found.media_type, hashlib.sha256(data).hexdigest())


def shrink(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """A picture with its shorter side at most so long; halved first while it is large, which is quick."""
    while min(pixels.shape[:2]) >= 3 * side_px:
        height, width = pixels.shape[:2]
        pixels = np.asarray(cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
    height, width = pixels.shape[:2]
    factor = side_px / min(height, width)
    if factor >= 1:
        return pixels
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def thumbnail_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture stretched to a square of `THUMBNAIL_SIDE_PX`, or as it is where a side is shorter.

    All that is asked of a thumbnail looks at a square, and half a side is quicker taken than any other share.
    """
    if min(pixels.shape[:2]) < THUMBNAIL_SIDE_PX:
        return pixels
    size = (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _require_size(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels or max(size) > limits.max_side_px:
        raise ImageTooManyPixels(
            f"The picture is {width:,} by {height:,} pixels; at most {limits.max_pixels:,} in all and "
            f"{limits.max_side_px:,} on a side are decoded.",
            mend="Scale it down.",
            width_px=width,
            height_px=height,
        )


def _in_standard_colours(picture: Image.Image) -> Image.Image:
    """Through the picture's colour profile to sRGB; a profile that is broken, huge or of another mode is left aside."""
    profile = picture.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) > MAX_PROFILE_BYTES or picture.mode not in PROFILED_MODES:
        return picture
    try:
        described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if described.profile.xcolor_space.strip() not in PROFILED_MODES[picture.mode]:
            return picture
        converted = ImageCms.profileToProfile(picture, described, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return picture
    return picture if converted is None else converted


def _to_rgb(picture: Image.Image) -> NDArray[np.uint8]:
    ImageOps.exif_transpose(picture, in_place=True)
    upright = _in_standard_colours(picture)
    if upright.mode.startswith("I"):  # 16-bit grey: Pillow would clip at 255 instead of scaling
        wide = np.asarray(upright).astype(np.uint32)
        grey = (wide >> 8).clip(0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        opaque = Image.new("RGB", layer.size, (255, 255, 255))
        opaque.paste(layer, mask=layer.getchannel("A"))
        return np.asarray(opaque, dtype=np.uint8)
    return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"), dtype=np.uint8)
