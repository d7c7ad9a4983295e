"""The services that this folder offers, as data, and the one entry that a worker process calls.

In: a service name, the request document, the input bytes by CID, the host's settings. Out: a `SkillResult`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.skills.errors import SkillInputMissing, SkillUnknown
from agents_offchain.skills.result import SkillResult
from agents_offchain.skills.vision.image import DEFAULT_LIMITS
from agents_offchain.skills.vision.inspect_image import inspect_image
from agents_offchain.skills.vision.models import VisionModels, load_models
from agents_offchain.skills.vision.settings import DecodeLimits, InspectSettings

VisionSkill = Callable[[bytes, InspectSettings, VisionModels, DecodeLimits], SkillResult]

SERVICES: Mapping[str, VisionSkill] = {"inspect-image": inspect_image}


WORDS_AND_NUMBERS = ("threads", "max_bytes", "max_pixels", "text_reader")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The host's settings of a vision worker.

    Attributes:
        models_dir: The folder that set-up filled.
        threads: Of one inference.
        max_bytes, max_pixels: Bounds on the input.
        detector: Description of another detector than the shipped one, or None.
        text_reader: ``tesseract`` for clean pages, or empty.
    """

    models_dir: Path
    threads: int = 1
    max_bytes: int = DEFAULT_LIMITS.max_bytes
    max_pixels: int = DEFAULT_LIMITS.max_pixels
    detector: Path | None = None
    text_reader: str = ""

    @classmethod
    def from_data(cls, settings: Mapping[str, Any]) -> WorkerSettings:
        """Read the settings as a worker process gets them: JSON, paths in words."""
        named = {name: settings[name] for name in WORDS_AND_NUMBERS if name in settings}
        detector = Path(settings["detector"]) if settings.get("detector") else None
        return cls(models_dir=Path(settings["models_dir"]), detector=detector, **named)


def run(
    service: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    models: VisionModels | None = None,
) -> SkillResult:
    """Run one service on one request.

    Args:
        service: A key of `SERVICES`.
        request: The request document; ``input.cid`` names the input and ``settings`` holds the client's choices.
        inputs: The inputs' bytes by CID.
        settings: The fields of `WorkerSettings`, as data; only ``models_dir`` is required.
        models: Already loaded models, for a worker that runs more than one job; loaded when absent.

    Raises:
        SkillUnknown: the service is not offered here.
        SkillInputMissing: the request names no input, or its bytes were not handed in.
        SkillSettingsInvalid: a client's setting is unknown or out of range.
        ImageRefused: the input is not a picture that can be inspected.
        ModelMissing, ModelDigestMismatch, DetectorUnfit, InferenceFailed: this machine cannot do the work.
    """
    skill = SERVICES.get(service)
    if skill is None:
        raise SkillUnknown(
            f"No skill offers {service[:60]!r}.",
            mend=f"Offered: {', '.join(sorted(SERVICES))}.",
            service=service[:60],
        )
    host = WorkerSettings.from_data(settings)
    choices = InspectSettings.from_request(request.get("settings") or {})
    data = _require_input(request, inputs)
    limits = DecodeLimits(max_bytes=host.max_bytes, max_pixels=host.max_pixels)
    return skill(
        data, choices, models or load_models(host.models_dir, host.threads, host.detector, host.text_reader), limits
    )


def _require_input(request: Mapping[str, Any], inputs: Mapping[str, bytes]) -> bytes:
    described = request.get("input")
    cid = described.get("cid") if isinstance(described, Mapping) else None
    if not isinstance(cid, str) or cid not in inputs:
        raise SkillInputMissing(
            "The request names no input picture whose bytes are at hand.",
            mend="Upload the picture and put its CID into the request's input.",
        )
    return inputs[cid]
