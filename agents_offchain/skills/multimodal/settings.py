"""What a client may choose for one observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from agents_offchain.skills.errors import SkillSettingsInvalid
from agents_offchain.skills.multimodal.context import Seen
from agents_offchain.skills.multimodal.sensors.camera import CameraView
from agents_offchain.skills.vision.labels import COCO_LABELS
from agents_offchain.skills.vision.reasoning.parse import MAX_QUESTION_CHARACTERS

MAX_TEXTS = 16
MAX_SIGHTINGS = 1_000_000
CAMERA = {"label", "metres_per_pixel", "origin_px", "start_s"}
RANGES: Mapping[str, tuple[float, float]] = {
    "acceleration_density": (1e-9, 1e6),
    "max_speed": (1e-6, 1e5),
    "track_points": (2, 1000),
    "video_frames": (1, 32),
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
        known: Facts about the place, at most 16 sentences: what they name is expected, with "no" or "not" ruled out.
        history: What earlier jobs saw, a label at most once: {"label", "sightings", "confirmed"}.
        camera: How a video's camera stands to the plane; what it follows becomes one of the sensors.
        enhance: Take noise away, raise contrast and straighten before text is read.
        video_frames: So many frames of a video are looked at, evenly spaced.
        track_points: Length of the fused track, evenly spaced over the log.
        min_object_score: An object is there from this score on.
        min_text_score: A text line is read from this score on.
    """

    questions: tuple[str, ...] = field(default=())
    captions: tuple[str, ...] = field(default=())
    known: tuple[str, ...] = field(default=())
    history: tuple[Seen, ...] = field(default=())
    camera: CameraView | None = None
    enhance: bool = False
    video_frames: int = 8
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
            known=_texts("known", settings.get("known", [])),
            history=_history(settings.get("history", [])),
            camera=_camera(settings.get("camera")),
            enhance=_flag("enhance", settings.get("enhance", False)),
            **chosen,
        )

    def as_dict(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def _in_range(name: str, value: Any) -> Any:
    low, high = RANGES[name]
    kinds = int if name in {"track_points", "video_frames"} else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise SkillSettingsInvalid(
            f"The setting {name} is {str(value)[:40]!r}; it must be a number from {low:g} to {high:g}.",
            mend="Correct the setting, or leave it out for the default.",
        )
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SkillSettingsInvalid(f"The setting {name} is true or false.")
    return value


def _history(listed: Any) -> tuple[Seen, ...]:
    if not isinstance(listed, list | tuple) or len(listed) > len(COCO_LABELS):
        raise SkillSettingsInvalid(f"The setting history is not a list of at most {len(COCO_LABELS)}.")
    seen = tuple(_seen(entry) for entry in listed)
    if len({entry.label for entry in seen}) != len(seen):
        raise SkillSettingsInvalid("The setting history names a label twice.")
    return seen


def _seen(entry: Any) -> Seen:
    if not isinstance(entry, Mapping) or set(entry) != {"label", "sightings", "confirmed"}:
        raise SkillSettingsInvalid('An entry of history is {"label", "sightings", "confirmed"}.')
    counts = entry["sightings"], entry["confirmed"]
    if any(isinstance(count, bool) or not isinstance(count, int) for count in counts):
        raise SkillSettingsInvalid("The counts of history are whole numbers.")
    if entry["label"] not in COCO_LABELS or not 0 <= counts[1] <= counts[0] <= MAX_SIGHTINGS:
        raise SkillSettingsInvalid(
            "An entry of history names a class of the detector, confirmed at most as often as seen."
        )
    return Seen(entry["label"], *counts)


def _camera(described: Any) -> CameraView | None:
    if described is None:
        return None
    if not isinstance(described, Mapping) or not {"label", "metres_per_pixel", "origin_px"} <= set(described) <= CAMERA:
        raise SkillSettingsInvalid('The setting camera is {"label", "metres_per_pixel", "origin_px", "start_s"}.')
    if described["label"] not in COCO_LABELS:
        raise SkillSettingsInvalid("The camera's label is not a class of the detector.")
    origin = described["origin_px"]
    if not isinstance(origin, list | tuple) or len(origin) != 2:
        raise SkillSettingsInvalid("The camera's origin is a pixel [x, y].")
    x, y = (_within("origin_px", value, -1e6, 1e6) for value in origin)
    scale = _within("metres_per_pixel", described["metres_per_pixel"], 1e-6, 1e4)
    return CameraView(described["label"], scale, (x, y), _within("start_s", described.get("start_s", 0.0), -1e9, 1e9))


def _within(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SkillSettingsInvalid(f"The camera's {name} is not a number from {low:g} to {high:g}.")
    return float(value)


def _texts(name: str, asked: Any) -> tuple[str, ...]:
    if not isinstance(asked, list | tuple) or len(asked) > MAX_TEXTS:
        raise SkillSettingsInvalid(f"The setting {name} is not a list of at most {MAX_TEXTS}.")
    for text in asked:
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_QUESTION_CHARACTERS:
            raise SkillSettingsInvalid(f"An entry of {name} is a text of 1 to {MAX_QUESTION_CHARACTERS} characters.")
    return tuple(text.strip() for text in asked)
