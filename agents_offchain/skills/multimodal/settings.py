"""What a client may choose for one observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from agents_offchain.skills.errors import SkillSettingsInvalid
from agents_offchain.skills.vision.reasoning.parse import MAX_QUESTION_CHARACTERS

MAX_TEXTS = 16
RANGES: Mapping[str, tuple[float, float]] = {
    "acceleration_density": (1e-9, 1e6),
    "max_speed": (1e-6, 1e5),
    "track_points": (2, 1000),
    "min_object_score": (0.05, 1.0),
    "min_text_score": (0.05, 1.0),
}


@dataclass(frozen=True, slots=True)
class ObserveSettings:
    """Settings of ``observe-scene``; a client may set any of them.

    Attributes:
        questions: In English, about the picture; at most 16.
        captions: Texts in English; for each the result says whether it agrees with the picture; at most 16.
        acceleration_density: How restless the thing that the sensors follow is, m²/s³.
        max_speed: Deviation of its first velocity, m/s per axis.
        track_points: Length of the fused track, evenly spaced over the log.
        min_object_score: An object is there from this score on.
        min_text_score: A text line is read from this score on.
    """

    questions: tuple[str, ...] = field(default=())
    captions: tuple[str, ...] = field(default=())
    acceleration_density: float = 1.0
    max_speed: float = 30.0
    track_points: int = 100
    min_object_score: float = 0.4
    min_text_score: float = 0.6

    @classmethod
    def from_request(cls, settings: Mapping[str, Any]) -> ObserveSettings:
        """Read a request document's ``settings``.

        Raises:
            SkillSettingsInvalid: not an object, an unknown name, or a value out of range.
        """
        if not isinstance(settings, Mapping):
            raise SkillSettingsInvalid("The request's settings are not a JSON object.")
        known = [setting.name for setting in fields(cls)]
        unknown = sorted(str(name)[:40] for name in settings if name not in known)
        if unknown:
            raise SkillSettingsInvalid(
                f"observe-scene has no setting {unknown[0]!r}.", mend=f"Use only: {', '.join(known)}."
            )
        chosen = {name: _in_range(name, settings[name]) for name in RANGES if name in settings}
        return cls(
            questions=_texts("questions", settings.get("questions", [])),
            captions=_texts("captions", settings.get("captions", [])),
            **chosen,
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "questions": list(self.questions), "captions": list(self.captions)}


def _in_range(name: str, value: Any) -> Any:
    low, high = RANGES[name]
    kinds = int if name == "track_points" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise SkillSettingsInvalid(
            f"The setting {name} is {str(value)[:40]!r}; it must be a number from {low:g} to {high:g}.",
            mend="Correct the setting, or leave it out for the default.",
        )
    return value


def _texts(name: str, asked: Any) -> tuple[str, ...]:
    if not isinstance(asked, list | tuple) or len(asked) > MAX_TEXTS:
        raise SkillSettingsInvalid(f"The setting {name} is not a list of at most {MAX_TEXTS}.")
    for text in asked:
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_QUESTION_CHARACTERS:
            raise SkillSettingsInvalid(f"An entry of {name} is a text of 1 to {MAX_QUESTION_CHARACTERS} characters.")
    return tuple(text.strip() for text in asked)
