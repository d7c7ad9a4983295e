"""The skill ``observe-scene``: pictures, video, sensor logs and words of one job, to one result with its provenance.

In: the bytes of pictures, a video, a sensor log and a text with questions and captions, in any order and all but
pictures at most once, and settings. Out: of one picture objects, text, a measured description, an answer to each
question with the evidence it rests on; of several which of them a text is about; what the video shows; the fused track
with its uncertainty and the sensors' health. Each statement says which step made it and from which file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents_offchain.primitives.canonical import sha256
from agents_offchain.skills.multimodal.context import Heed, heed
from agents_offchain.skills.multimodal.following import follow
from agents_offchain.skills.multimodal.looking import look
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import Parts, PartsRefused, plan
from agents_offchain.skills.multimodal.proposing import NOBODY, Proposer
from agents_offchain.skills.multimodal.searching import search, texts_of
from agents_offchain.skills.multimodal.settings import MAX_TEXTS, ObserveSettings
from agents_offchain.skills.multimodal.watching import watch
from agents_offchain.skills.result import SkillResult
from agents_offchain.skills.vision.models import PREPROCESSING
from agents_offchain.skills.vision.reasoning.vocabulary import nouns_of
from agents_offchain.skills.vision.settings import DecodeLimits

SKILL = "observe-scene/4"
SEED = 0


def observe_scene(
    files: Mapping[str, bytes],
    settings: ObserveSettings,
    models: SceneModels,
    limits: DecodeLimits,
    note: str = "",
    proposer: Proposer = NOBODY,
) -> SkillResult:
    """Observe one scene.

    Args:
        files: Bytes by CID: up to eight pictures (JPEG, PNG, WebP, GIF, BMP), a video (MP4, MOV, WebM, MKV, AVI), a
            sensor log (``aitbc.sensors/1``), a plain text; at least one of the first three.
        settings: The client's choices.
        models: From `load_scene_models`.
        limits: The host's bounds on the picture and on a frame.
        note: The client's words; classes that it names are looked for. With several pictures and no captions it is
            what they are searched for.
        proposer: Asked for a program where the grammar does not know a question.

    Returns:
        ``output`` with "image", "objects", "text", "scene", "answers", "fingerprint" and "agreements" for a picture,
        "pictures", "found" and "left_out" for several, "video" for a video, "track" for sensors, "attention" where the
        context moved a threshold, and "statements"; ``evidence``; the artifact ``annotated`` for a picture.

    Raises:
        PartsRefused: no file, two of a kind, questions without a picture or with several, or nothing to look for.
        ImageRefused, SensorLogRefused: a file that cannot be read; subclasses say why.
        InferenceFailed: a model could not be run on this machine.
    """
    parts = plan(files)
    settings = _with_text(parts, settings)
    thresholds: tuple[Heed, ...] = ()
    if parts.picture or parts.video:
        nouns = nouns_of(models.vision.detector.labels)
        thresholds = heed([note], settings.known, settings.history, settings.min_object_score, nouns)
    steps = parts.steps(is_camera_used=settings.camera is not None)
    output: dict[str, Any] = {"steps": list(steps), "statements": []}
    if thresholds:
        output["attention"] = [entry.as_dict() for entry in thresholds]
    artifacts: dict[str, tuple[str, bytes]] = {}
    if parts.picture is not None:
        artifacts["annotated"] = (
            "image/jpeg",
            look(parts.picture, settings, thresholds, models, limits, output, proposer),
        )
    elif parts.is_search:
        search(parts, texts_of(parts, settings, note), settings, models, limits, output)
    elif settings.questions or settings.captions:
        raise PartsRefused("There are questions or captions but no picture.", mend="Send the picture with them.")
    sightings = watch(parts.video, settings, thresholds, models, limits, output) if parts.video else []
    if "fuse-sensors" in steps:
        follow(parts.sensor_log, sightings, parts.video[0] if parts.video else "", settings, output)
    return SkillResult(output=output, evidence=_evidence(parts, settings, models), artifacts=artifacts)


def needs_texts(files: Mapping[str, bytes], settings: ObserveSettings) -> bool:
    """Whether texts will be compared with pictures, for which a model has to be loaded.

    Raises:
        PartsRefused, ImageRefused: as `observe_scene`.
    """
    parts = plan(files)
    return parts.is_search or bool(_with_text(parts, settings).captions)


def _with_text(parts: Parts, settings: ObserveSettings) -> ObserveSettings:
    questions, captions = parts.lines()
    both = replace(settings, questions=(*settings.questions, *questions), captions=(*settings.captions, *captions))
    if max(len(both.questions), len(both.captions)) > MAX_TEXTS:
        raise PartsRefused(f"There are more than {MAX_TEXTS} questions or captions.", mend="Send them as several jobs.")
    return both


def _evidence(parts: Parts, settings: ObserveSettings, models: SceneModels) -> dict[str, Any]:
    return {
        "skill": SKILL,
        "preprocessing": PREPROCESSING,
        "models": models.digests_with_texts(are_compared=parts.is_search or bool(settings.captions)),
        "runtime": dict(models.vision.runtime),
        "settings": settings.as_dict(),
        "seed": SEED,
        "inputs_sha256": {name: sha256(data).hex() for name, data in parts.files},
    }
