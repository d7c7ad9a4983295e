"""The services that this folder offers, and the one entry that a worker process calls.

In: a service name, the request document, the input bytes by CID, the host's settings. Out: a `SkillResult`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents_offchain.skills.catalog import PROGRAMS
from agents_offchain.skills.errors import SkillInputMissing, SkillUnknown
from agents_offchain.skills.multimodal.models import SceneModels, load_scene_models
from agents_offchain.skills.multimodal.observe_scene import needs_texts, observe_scene
from agents_offchain.skills.multimodal.proposing import Given
from agents_offchain.skills.multimodal.settings import ObserveSettings
from agents_offchain.skills.result import SkillResult
from agents_offchain.skills.vision.services import WorkerSettings
from agents_offchain.skills.vision.settings import DecodeLimits

SERVICE = "observe-scene"


def run(
    service: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    models: SceneModels | None = None,
) -> SkillResult:
    """Run one service on one request.

    Args:
        service: `SERVICE`.
        request: The request document; ``input`` and ``attachments`` name the files, ``settings`` the client's choices.
        inputs: The files' bytes by CID.
        settings: The fields of `WorkerSettings`, as data; with ``question_model`` also what `ModelsAtHand.of` reads.
        models: Already loaded models; loaded when absent.

    Raises:
        SkillUnknown: the service is not offered here.
        SkillInputMissing: the request names no file, or one whose bytes were not handed in.
        SkillSettingsInvalid: a client's setting is unknown or out of range.
        PartsRefused, ImageRefused, SensorLogRefused: the files are not a scene.
        ModelMissing, ModelDigestMismatch, DetectorUnfit, InferenceFailed: this machine cannot do the work.
    """
    if service != SERVICE:
        raise SkillUnknown(f"No skill offers {service[:60]!r}.", mend=f"Offered: {SERVICE}.", service=service[:60])
    host = WorkerSettings.from_data(settings)
    choices = ObserveSettings.from_request(request.get("settings") or {})
    files = {cid: _require(inputs, cid) for cid in _named(request)}
    limits = DecodeLimits(max_bytes=host.max_bytes, max_pixels=host.max_pixels)
    with_texts = needs_texts(files, choices)
    loaded = models or load_scene_models(
        host.models_dir, host.threads, with_texts=with_texts, detector=host.detector, text_reader=host.text_reader
    )
    note = request.get("note")
    words = note if isinstance(note, str) else ""
    if PROGRAMS in request:
        return observe_scene(files, choices, loaded, limits, words, Given(request[PROGRAMS]))
    if not settings.get("question_model"):
        return observe_scene(files, choices, loaded, limits, words)
    # Imported here, so that looking at a picture loads no language model.
    from agents_offchain.skills.multimodal.asking import models_of, propose_with

    models_at_hand = models_of(host, settings, request)
    proposer = propose_with(models_at_hand, loaded.vision.detector.labels)
    result = observe_scene(files, choices, loaded, limits, words, proposer)
    models_at_hand.remember()
    return replace(result, evidence={**result.evidence, "language": models_at_hand.evidence()})


def _named(request: Mapping[str, Any]) -> list[Any]:
    described = [request.get("input"), *(request.get("attachments") or ())]
    return [file.get("cid") if isinstance(file, Mapping) else None for file in described]


def _require(inputs: Mapping[str, bytes], cid: Any) -> bytes:
    if not isinstance(cid, str) or cid not in inputs:
        raise SkillInputMissing(
            "The request names a file whose bytes are not at hand.",
            mend="Upload the picture and the sensor log and put their CIDs into the request.",
        )
    return inputs[cid]
