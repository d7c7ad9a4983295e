"""What a client may choose for one inspection, and the limits that a host sets on every one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from agents_offchain.skills.errors import SkillSettingsInvalid


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Bounds checked before a picture is decoded.

    Attributes:
        max_bytes: Size of the encoded file.
        max_pixels: Width times height as the header states them; one frame takes up to 8 bytes a pixel for a moment.
        max_side_px: Longer side; keeps a one-pixel-high strip from being a hundred metres wide.
    """

    max_bytes: int = 20 << 20
    max_pixels: int = 40_000_000
    max_side_px: int = 30_000


@dataclass(frozen=True, slots=True)
class InspectSettings:
    """Settings of ``inspect-image``; a client may set any of them, the defaults are what listings promise.

    Attributes:
        min_object_score: Objects below this score, in [0.05, 1], are left out.
        min_text_score: Text lines below this score, in [0.05, 1], are left out.
    """

    min_object_score: float = 0.4
    min_text_score: float = 0.6

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0.05 <= value <= 1.0:
                raise SkillSettingsInvalid(
                    f"The setting {setting.name} is {value!r}; it must be a number from 0.05 to 1.",
                    mend="Correct the setting, or leave it out for the default.",
                    setting=setting.name,
                )

    @classmethod
    def from_request(cls, settings: Mapping[str, Any]) -> InspectSettings:
        """Read a request document's ``settings``.

        Raises:
            SkillSettingsInvalid: not an object, an unknown name, or a value out of range.
        """
        known = {setting.name for setting in fields(cls)}
        if not isinstance(settings, Mapping):
            raise SkillSettingsInvalid("The request's settings are not a JSON object.")
        unknown = sorted(str(name)[:40] for name in settings if name not in known)
        if unknown:
            raise SkillSettingsInvalid(
                f"inspect-image has no setting {unknown[0]!r}.",
                mend=f"Use only: {', '.join(sorted(known))}.",
                setting=unknown[0],
            )
        return cls(**settings)

    def as_dict(self) -> dict[str, float]:
        return {name: float(value) for name, value in asdict(self).items()}
