"""How well pictures are named, how honest the scores are, and which input scaling is the classifier's own.

Each photograph with a class gives twelve views: itself and eleven seeded crops, mirrored, dimmed, brightened, blurred.
The temperature is fitted on all photographs but one and its calibration error taken on that one, in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.vision.classifier import SIDE_PX, TEMPERATURE, calibrated, logits_of
from tests.evaluation.vision.photographs import Photograph
from tests.evaluation.vision.rows import HELD_OUT_SEED, Row, calibration_error, share

VIEWS = 12
TEMPERATURES = tuple(round(0.4 + 0.05 * step, 2) for step in range(29))
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Views:
    logits: list[NDArray[np.float32]]
    accepted: list[int]


def naming_rows(models: SceneModels, photographs: Sequence[Photograph]) -> list[Row]:
    """Top-1, top-5, scaling, temperature, calibration."""
    named = [photograph for photograph in photographs if photograph.classes]
    views = [_views(models, photograph, is_standardised=False) for photograph in named]
    others = [_views(models, photograph, is_standardised=True) for photograph in named]
    trials = VIEWS * len(named)
    sample = f"views of {len(named)} photographs"
    best = [[np.argsort(-logits) for logits in view.logits] for view in views]
    top1 = sum(order[0] in view.accepted for view, orders in zip(views, best, strict=True) for order in orders)
    top5 = sum(
        bool(set(order[:5]) & set(view.accepted)) for view, orders in zip(views, best, strict=True) for order in orders
    )
    fitted = _fit(views)
    left_out = [(_fit([view for view in views if view is not out]), out) for out in views]
    shipped, unscaled, fair = (
        calibration_error(*_claims(pairs))
        for pairs in ([(TEMPERATURE, view) for view in views], [(1.0, view) for view in views], left_out)
    )
    return [
        share("classification, first guess", top1, trials, sample),
        share("classification, first five", top5, trials, sample),
        Row("  loss, (x - 127) / 128", f"{_loss(views, 1.0):.3f} nats", f"{trials} {sample}"),
        Row("  loss, mean and deviation", f"{_loss(others, 1.0):.3f} nats", f"{trials} {sample}"),
        Row("  temperature fitted on all", f"{fitted:.2f}; shipped {TEMPERATURE:.2f}", f"{trials} {sample}"),
        Row("  calibration error, no temperature", f"{unscaled:.3f}", f"{trials} {sample}"),
        Row("  calibration error, fitted without the photograph", f"{fair:.3f}", f"{trials} {sample}"),
        Row("  calibration error, as shipped", f"{shipped:.3f}", f"{trials} {sample}"),
    ]


def _views(models: SceneModels, photograph: Photograph, *, is_standardised: bool) -> _Views:
    chance = np.random.default_rng((HELD_OUT_SEED, len(photograph.name)))
    pictures = [photograph.pixels, *(_bend(photograph.pixels, chance) for _ in range(VIEWS - 1))]
    session = models.classifier.session
    names = [entry.split(",")[0] for entry in models.classifier.names]
    accepted = [index for index, name in enumerate(names) if name in photograph.classes]
    if is_standardised:
        return _Views(
            [session.run(["logits"], {"picture": _standardise(pixels)})[0][0] for pixels in pictures], accepted
        )
    return _Views([logits_of(session, pixels) for pixels in pictures], accepted)


def _bend(pixels: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    part = chance.uniform(0.7, 1.0)
    tall, wide = int(height * part), int(width * part)
    top, left = int(chance.integers(height - tall + 1)), int(chance.integers(width - wide + 1))
    view = pixels[top : top + tall, left : left + wide]
    if chance.random() < 0.5:
        view = view[:, ::-1]
    lit = (view * chance.uniform(0.7, 1.3)).clip(0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(lit, (0, 0), float(chance.uniform(0.5, 1.5))) if chance.random() < 0.4 else lit
    return np.ascontiguousarray(blurred, np.uint8)


def _standardise(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    square = cv2.resize(pixels, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.ascontiguousarray(((square - MEAN) / DEVIATION).transpose(2, 0, 1)[None])


def _loss(views: Sequence[_Views], temperature: float) -> float:
    """Mean negative log-likelihood of the accepted classes together."""
    return float(
        np.mean(
            [-np.log(calibrated(logits, temperature)[view.accepted].sum()) for view in views for logits in view.logits]
        )
    )


def _fit(views: Sequence[_Views]) -> float:
    return min(TEMPERATURES, key=lambda temperature: _loss(views, temperature))


def _claims(pairs: Sequence[tuple[float, _Views]]) -> tuple[list[float], list[bool]]:
    """The first guess's score and whether it is right; accepted classes count together, as the labels mean them."""
    scores, hits = [], []
    for temperature, view in pairs:
        for logits in view.logits:
            likely = calibrated(logits, temperature)
            first = int(np.argmax(likely))
            is_right = first in view.accepted
            scores.append(float(likely[view.accepted].sum()) if is_right else float(likely[first]))
            hits.append(is_right)
    return scores, hits
