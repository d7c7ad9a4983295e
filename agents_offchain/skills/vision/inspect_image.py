"""The skill ``inspect-image``: objects with boxes and labels, text lines, and an annotated picture.

In: the bytes of one picture. Out: JSON-compatible findings in pixels of the upright picture, the evidence to run it
again, and the annotated JPEG. The same bytes, settings and models give the same result in every process.
"""

from __future__ import annotations

from agents_offchain.skills.result import SkillResult
from agents_offchain.skills.vision.annotate import annotate_image
from agents_offchain.skills.vision.detector import DetectedObject, detect_objects
from agents_offchain.skills.vision.image import DEFAULT_LIMITS, decode_image
from agents_offchain.skills.vision.models import PREPROCESSING, VisionModels
from agents_offchain.skills.vision.ocr import TextLine
from agents_offchain.skills.vision.reading import read_picture
from agents_offchain.skills.vision.settings import DecodeLimits, InspectSettings

SKILL = "inspect-image/2"
SEED = 0
"""Nothing in this skill is random; the field says so to a reader of the evidence."""


def inspect_image(
    data: bytes, settings: InspectSettings, models: VisionModels, limits: DecodeLimits = DEFAULT_LIMITS
) -> SkillResult:
    """Find objects and text in a picture.

    Args:
        data: JPEG, PNG, WebP, GIF (first frame) or BMP.
        settings: The client's choices.
        models: From `load_models`.
        limits: The host's bounds on the input.

    Returns:
        ``output`` {"image", "objects", "text"} with scores to 4 decimals and pixels to 2; ``evidence``; and the
        artifact ``annotated`` (image/jpeg, at most 1 MiB).

    Raises:
        ImageRefused: the bytes are not a picture that can be inspected; subclasses say why.
        InferenceFailed: a model could not be run on this machine.
    """
    picture = decode_image(data, limits)
    objects = detect_objects(models.detector, picture.small, settings.min_object_score, picture.size_px)
    read = read_picture(models, picture.pixels, settings.min_text_score)
    return SkillResult(
        output={
            "image": {"width": picture.width, "height": picture.height, "sha256": picture.sha256},
            "objects": [describe_object(item) for item in objects],
            "text": [describe_line(line) for line in read.lines],
        },
        evidence={
            "skill": SKILL,
            "preprocessing": PREPROCESSING,
            "text_reader": read.reader,
            "models": dict(models.digests),
            "runtime": dict(models.runtime),
            "settings": settings.as_dict(),
            "seed": SEED,
            "input_sha256": picture.sha256,
        },
        artifacts={"annotated": ("image/jpeg", annotate_image(picture.pixels, objects, read.lines))},
    )


def describe_object(item: DetectedObject) -> dict[str, object]:
    """An object as result documents have it: ``box`` is x0 y0 x1 y1 in pixels."""
    return {"label": item.label, "score": item.score, "box": list(item.box_px)}


def describe_line(line: TextLine) -> dict[str, object]:
    """A text line as result documents have it: ``box`` are its four corners in pixels."""
    return {"text": line.text, "score": line.score, "box": [list(corner) for corner in line.corners_px]}
