"""The steps of looking at a picture, by name, each as a function without arguments, and what the bare models take."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agents_offchain.skills.multimodal.models import SceneModels, load_scene_models
from agents_offchain.skills.vision import detector, ocr
from agents_offchain.skills.vision.annotate import annotate_image
from agents_offchain.skills.vision.classifier import classify, prepare
from agents_offchain.skills.vision.detector import detect_objects
from agents_offchain.skills.vision.detector_form import NANODET
from agents_offchain.skills.vision.image import DecodedImage, decode_image
from agents_offchain.skills.vision.inspect_image import inspect_image
from agents_offchain.skills.vision.ocr import read_text
from agents_offchain.skills.vision.scene import describe_scene
from agents_offchain.skills.vision.settings import InspectSettings
from agents_offchain.skills.vision.tiling import detect_thoroughly

SHEET = Path(__file__).parents[3] / "examples" / "photos" / "contact-sheet.jpg"
LARGE_PX = (4000, 3000)
"""Twelve megapixels."""
MODELS = Path(os.environ.get("AITBC_MODELS", "models"))

Step = Callable[[], Any]


def load() -> SceneModels:
    """The models with one thread, as a worker has them."""
    return load_scene_models(MODELS, with_texts=False)


def large_photograph() -> bytes:
    """The shipped sheet as a JPEG of twelve megapixels, with a camera's grain."""
    pixels = np.array(Image.open(SHEET).convert("RGB").resize(LARGE_PX, Image.Resampling.BICUBIC), dtype=np.int16)
    grain = np.random.default_rng(12).integers(-6, 7, size=pixels.shape[:2], dtype=np.int16)[:, :, None]
    buffer = io.BytesIO()
    Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def steps(models: SceneModels, data: bytes) -> dict[str, Step]:
    """Every step on one picture."""
    picture = decode_image(data)
    pixels, small, thumbnail = picture.pixels, picture.small, picture.thumbnail
    return {
        "decode": lambda: decode_image(data),
        "detect": lambda: detect_objects(models.vision.detector, small, 0.4, picture.size_px),
        "detect thoroughly": lambda: detect_thoroughly(models.vision.detector, pixels, 0.4),
        "classify": lambda: classify(models.classifier, thumbnail, 5),
        "OCR": lambda: read_text(models.vision.ocr, pixels, 0.6),
        "inspection without OCR": lambda: _without_ocr(models, data),
        "inspection with OCR": lambda: inspect_image(data, InspectSettings(), models.vision),
    }


def bare_calls(models: SceneModels, picture: DecodedImage) -> dict[str, Step]:
    """The models alone on inputs that are ready, by the step they belong to; of OCR the whole engine."""
    seen, named = detector.prepare(NANODET, picture.small)[0], prepare(picture.thumbnail)
    canvas = np.ascontiguousarray(ocr._canvas(picture.pixels)[:, :, ::-1])
    session = models.vision.detector.session
    wanted = session.get_inputs()[0].name
    return {
        "detect": lambda: session.run(None, {wanted: seen}),
        "classify": lambda: models.classifier.session.run(["logits"], {"picture": named}),
        "OCR": lambda: models.vision.ocr(canvas, text_score=0.6),
    }


def _without_ocr(models: SceneModels, data: bytes) -> bytes:
    picture = decode_image(data)
    objects = detect_objects(models.vision.detector, picture.small, 0.4, picture.size_px)
    describe_scene(picture.small, objects, classify(models.classifier, picture.thumbnail, 5), picture.size_px)
    return annotate_image(picture.pixels, objects, [])
