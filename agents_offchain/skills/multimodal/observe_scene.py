"""The skill ``observe-scene``: a picture with questions, a sensor log, or both, to one result with its provenance.

In: the bytes of a picture and of a sensor log, in any order, and settings. Out: objects, text, a measured description,
an answer to each question with the evidence it rests on, the fused track with its uncertainty and the sensors' health.
Each statement says which step made it and from which file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from agents_offchain.primitives.canonical import sha256
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import Parts, PartsRefused, plan
from agents_offchain.skills.multimodal.sensors.fuse import MotionModel, fuse
from agents_offchain.skills.multimodal.sensors.kalman import Estimate
from agents_offchain.skills.multimodal.sensors.streams import read_log
from agents_offchain.skills.multimodal.settings import ObserveSettings
from agents_offchain.skills.multimodal.space import agreements, phrases_of, place
from agents_offchain.skills.result import SkillResult
from agents_offchain.skills.vision.annotate import annotate_image
from agents_offchain.skills.vision.classifier import classify
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.fingerprint import fingerprint, in_words
from agents_offchain.skills.vision.image import DecodedImage, decode_image
from agents_offchain.skills.vision.inspect_image import describe_line, describe_object
from agents_offchain.skills.vision.ocr import TextLine, read_text
from agents_offchain.skills.vision.reasoning.execute import CANNOT_TELL, Answer, Findings, run_program
from agents_offchain.skills.vision.reasoning.parse import NotUnderstood, parse_question
from agents_offchain.skills.vision.scene import describe_scene
from agents_offchain.skills.vision.settings import DecodeLimits
from agents_offchain.skills.vision.tiling import best_guesses, detect_thoroughly

SKILL = "observe-scene/2"
SEED = 0
CLASSES = 5
"""So many of the picture's likeliest classes are told."""
SURE_CLASS = 0.5
AGREES = {True: "agrees with the picture", False: "does not agree with the picture"}
DOUBT = 0.75
"""Objects from this share of the asked score on may be there; answers say "cannot tell" where that matters."""


def observe_scene(
    files: Mapping[str, bytes], settings: ObserveSettings, models: SceneModels, limits: DecodeLimits
) -> SkillResult:
    """Observe one scene.

    Args:
        files: Bytes by CID: a picture (JPEG, PNG, WebP, GIF, BMP), a sensor log (``aitbc.sensors/1``), or both.
        settings: The client's choices.
        models: From `load_scene_models`.
        limits: The host's bounds on the picture.

    Returns:
        ``output`` with "image", "objects", "text", "scene", "answers", "fingerprint" and "agreements" for a picture,
        "track" for a log, and "statements"; ``evidence``; the artifact ``annotated`` for a picture.

    Raises:
        PartsRefused: no file, two of a kind, or questions without a picture.
        ImageRefused, SensorLogRefused: a file that cannot be read; subclasses say why.
        InferenceFailed: a model could not be run on this machine.
    """
    parts = plan(files)
    output: dict[str, Any] = {"steps": list(parts.steps), "statements": []}
    artifacts: dict[str, tuple[str, bytes]] = {}
    if parts.picture is not None:
        artifacts["annotated"] = ("image/jpeg", _look(parts.picture, settings, models, limits, output))
    elif settings.questions or settings.captions:
        raise PartsRefused("There are questions or captions but no picture.", mend="Send the picture with them.")
    if parts.sensor_log is not None:
        _follow(parts.sensor_log, settings, output)
    return SkillResult(output=output, evidence=_evidence(parts, settings, models), artifacts=artifacts)


def _look(
    picture: tuple[str, bytes],
    settings: ObserveSettings,
    models: SceneModels,
    limits: DecodeLimits,
    output: dict[str, Any],
) -> bytes:
    cid, data = picture
    image = decode_image(data, limits)
    possible_score = settings.min_object_score * DOUBT
    guesses = best_guesses(detect_thoroughly(models.vision.detector, image.pixels, possible_score))
    objects = [item for item in guesses if item.score >= settings.min_object_score]
    lines = read_text(models.vision.ocr, image.pixels, settings.min_text_score)
    scene = describe_scene(image.pixels, objects, classify(models.classifier, image.pixels, CLASSES))
    findings = Findings(image.pixels, tuple(guesses), tuple(lines), settings.min_object_score, possible_score)
    output["image"] = {"width": image.width, "height": image.height, "sha256": image.sha256}
    output["objects"] = [describe_object(item) for item in objects]
    output["text"] = [describe_line(line) for line in lines]
    output["scene"] = scene.as_dict()
    output["answers"] = [_answer(question, findings) for question in settings.questions]
    output["fingerprint"] = in_words(fingerprint(image.pixels))
    output["agreements"] = _agreements(settings.captions, image, objects, lines, models)
    output["statements"].extend(_told(cid, image, objects, lines, output))
    return annotate_image(image.pixels, objects, lines)


def _agreements(
    captions: tuple[str, ...],
    image: DecodedImage,
    objects: list[DetectedObject],
    lines: list[TextLine],
    models: SceneModels,
) -> list[dict[str, Any]]:
    if not captions or models.embedder is None:
        return []
    picture = place(models.embedder, phrases_of(image.pixels, models.classifier, objects, lines))
    return [asdict(found) for found in agreements(models.embedder, models.classifier.names, picture, captions)]


def _answer(question: str, findings: Findings) -> dict[str, Any]:
    try:
        program = parse_question(question)
    except NotUnderstood as refusal:
        answer, told = Answer(CANNOT_TELL, str(refusal)), None
    else:
        answer, told = run_program(program, findings), program.as_dict()
    return {
        "question": question,
        "program": told,
        "answer": answer.text,
        "reason": answer.reason,
        "objects": [describe_object(item) for item in answer.objects],
        "text": [describe_line(line) for line in answer.lines],
    }


def _told(
    cid: str,
    image: DecodedImage,
    objects: list[DetectedObject],
    lines: list[TextLine],
    output: Mapping[str, Any],
) -> list[dict[str, Any]]:
    sure = [guess for guess in output["scene"]["classes"] if guess["score"] >= SURE_CLASS]
    named = ", ".join(sorted({item.label for item in objects})) or "nothing that the detector knows"
    told = [
        (f"A picture of {image.width} by {image.height} pixels shows: {named}.", "detect-objects"),
        (f"It carries {len(lines)} lines of text.", "read-text"),
        *((f"As a whole it shows: {guess['name']} ({guess['score']:.2f}).", "classify-picture") for guess in sure),
        *((f"{answer['question']} {answer['answer']}", "answer-questions") for answer in output["answers"]),
        *((f"“{near['text']}” {AGREES[near['agrees']]}.", "compare-texts") for near in output["agreements"]),
    ]
    return [{"text": text, "step": step, "source": cid} for text, step in told]


def _follow(sensor_log: tuple[str, bytes], settings: ObserveSettings, output: dict[str, Any]) -> None:
    cid, data = sensor_log
    streams = read_log(data)
    first = min(float(stream.times_s[0]) for stream in streams)
    last = max(float(stream.times_s[-1]) for stream in streams)
    times = np.unique(np.linspace(first, last, settings.track_points))
    track = fuse(streams, times, MotionModel(settings.acceleration_density, settings.max_speed))
    output["track"] = {
        "unit": "m",
        "points": [_point(estimate) for estimate in track.estimates],
        "sensors": [health.as_dict() for health in track.health],
        "restarts": track.restarts,
    }
    ill = [health.name for health in track.health if health.state != "fine"]
    told = f"{len(streams)} sensors followed one thing for {last - first:.3f} s; not fine: {', '.join(ill) or 'none'}."
    output["statements"].append({"text": told, "step": "fuse-sensors", "source": cid})


def _point(estimate: Estimate) -> dict[str, Any]:
    deviations = np.sqrt(np.diag(estimate.position_covariance_m2))
    return {
        "time_s": round(estimate.time_s, 6),
        "position": [round(float(value), 4) + 0.0 for value in estimate.position_m],
        "deviation": [round(float(value), 4) for value in deviations],
    }


def _evidence(parts: Parts, settings: ObserveSettings, models: SceneModels) -> dict[str, Any]:
    digests = {name: sha256(data).hex() for name, data in filter(None, (parts.picture, parts.sensor_log))}
    return {
        "skill": SKILL,
        "models": models.digests_with_texts(are_compared=bool(settings.captions)),
        "runtime": dict(models.vision.runtime),
        "settings": settings.as_dict(),
        "seed": SEED,
        "inputs_sha256": digests,
    }
