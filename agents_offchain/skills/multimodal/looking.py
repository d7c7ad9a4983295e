"""The picture of a job: objects, text, a description, answers, texts beside it; each statement with its step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agents_offchain.skills.multimodal.context import Heed, on_one_scale, there
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import File
from agents_offchain.skills.multimodal.proposing import Proposer, understand
from agents_offchain.skills.multimodal.settings import ObserveSettings
from agents_offchain.skills.multimodal.space import Texts, phrases_of, place
from agents_offchain.skills.vision.annotate import annotate_image
from agents_offchain.skills.vision.boxes import Box
from agents_offchain.skills.vision.classifier import classify
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.fingerprint import fingerprint, in_words
from agents_offchain.skills.vision.image import DecodedImage, decode_image
from agents_offchain.skills.vision.inspect_image import describe_line, describe_object
from agents_offchain.skills.vision.ocr import TextLine
from agents_offchain.skills.vision.reading import read_picture
from agents_offchain.skills.vision.reasoning.execute import CANNOT_TELL, Answer, Findings, run_program
from agents_offchain.skills.vision.reasoning.parse import NotUnderstood
from agents_offchain.skills.vision.reasoning.vocabulary import Nouns, nouns_of
from agents_offchain.skills.vision.scene import describe_scene
from agents_offchain.skills.vision.settings import DecodeLimits
from agents_offchain.skills.vision.tiling import best_guesses, detect_thoroughly

CLASSES = 5
"""So many of the picture's likeliest classes are told."""
SURE_CLASS = 0.5
AGREES = {True: "agrees with the picture", False: "does not agree with the picture"}
DOUBT = 0.75
"""Objects from this share of the asked score on may be there; answers say "cannot tell" where that matters."""


def look(
    picture: File,
    settings: ObserveSettings,
    thresholds: tuple[Heed, ...],
    models: SceneModels,
    limits: DecodeLimits,
    output: dict[str, Any],
    proposer: Proposer,
) -> bytes:
    """Look at the picture and write what was found into the output.

    Args:
        thresholds: From `heed`; classes that are not in it have the settings' threshold.
        proposer: Asked about questions that the grammar does not know.

    Returns:
        The annotated picture, a JPEG.

    Raises:
        ImageRefused, InferenceFailed: as `observe_scene`.
    """
    cid, data = picture
    image = decode_image(data, limits)
    possible_score = settings.min_object_score * DOUBT
    least = min([settings.min_object_score, *(entry.min_score for entry in thresholds)]) * DOUBT
    guesses = best_guesses(detect_thoroughly(models.vision.detector, image.pixels, least))
    objects = there(guesses, thresholds, settings.min_object_score)
    read = read_picture(models.vision, image.pixels, settings.min_text_score, is_mended=settings.enhance)
    lines = read.lines
    scene = describe_scene(image.small, objects, classify(models.classifier, image.thumbnail, CLASSES), image.size_px)
    scaled = on_one_scale(guesses, thresholds, settings.min_object_score)
    findings = Findings(image.pixels, tuple(scaled), tuple(lines), settings.min_object_score, possible_score)
    nouns = nouns_of(models.vision.detector.labels)
    as_found = {(item.label, item.box_px): item for item in guesses}
    output["image"] = {"width": image.width, "height": image.height, "sha256": image.sha256}
    output["objects"] = [describe_object(item) for item in objects]
    output["text_reader"] = read.reader
    output["text"] = [describe_line(line) for line in lines]
    output["scene"] = scene.as_dict()
    output["answers"] = [_answer(question, nouns, proposer, findings, as_found) for question in settings.questions]
    output["fingerprint"] = in_words(fingerprint(image.thumbnail))
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
    picture = place(models.embedder, phrases_of(image.thumbnail, models.classifier, objects, lines))
    texts = Texts.of(models.embedder, models.classifier.names, captions)
    return [asdict(found) for found in texts.beside(picture)]


def _answer(
    question: str,
    nouns: Nouns,
    proposer: Proposer,
    findings: Findings,
    as_found: Mapping[tuple[str, Box], DetectedObject],
) -> dict[str, Any]:
    try:
        program, is_proposed = understand(question, nouns, proposer)
    except NotUnderstood as refusal:
        answer, told, is_proposed = Answer(CANNOT_TELL, str(refusal)), None, False
    else:
        answer, told = run_program(program, findings), program.as_dict()
    return {
        "question": question,
        "program": told,
        **({"is_proposed": True} if is_proposed else {}),
        "answer": answer.text,
        "reason": answer.reason,
        "objects": [describe_object(as_found[item.label, item.box_px]) for item in answer.objects],
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
