"""What can be wrong with a picture, its settings or the models; each with the sentence a person reads."""

from __future__ import annotations

from agents_offchain.primitives.errors import Fatal, Refused


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


class SkillSettingsInvalid(Refused):
    """A setting of the request is unknown or out of its range."""


class SkillInputMissing(Refused):
    """The request names no input, or the input's bytes were not handed in."""


class SkillUnknown(Refused):
    """No skill of this worker offers the service."""


class ModelMissing(Fatal):
    """A model file is not where set-up puts it."""


class ModelDigestMismatch(Fatal):
    """A model file is not the one that the manifest names."""


class InferenceFailed(Fatal):
    """A model could not be run on this machine."""
