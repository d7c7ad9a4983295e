"""What can be wrong with a picture; each with the sentence a person reads."""

from __future__ import annotations

import struct
import zlib

from agents_offchain.primitives.errors import Fatal, Refused

DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What decoders have raised, or may, over bytes that are no picture; found by `make fuzz-vision`."""


class ImageRefused(Refused):
    """The bytes are not a picture that can be inspected."""


class ImageEmpty(ImageRefused):
    """There are no bytes at all."""


class ImageTooLarge(ImageRefused):
    """The file has more bytes than may be read."""


class ImageTooManyPixels(ImageRefused):
    """The header announces more pixels than may be decoded; nothing was decoded."""


class ImageFormatUnsupported(ImageRefused):
    """The first bytes are not those of a supported picture format."""


class ImageDamaged(ImageRefused):
    """The format is right, the content is truncated or malformed."""


class DetectorUnfit(Fatal):
    """The detector that the operator chose does not speak as its description says."""
