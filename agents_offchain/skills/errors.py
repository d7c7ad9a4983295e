"""What can be wrong with a request or a machine, whatever the skill; each with the sentence a person reads."""

from __future__ import annotations

from agents_offchain.primitives.errors import Fatal, Refused


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
