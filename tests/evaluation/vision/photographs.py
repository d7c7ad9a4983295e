"""Photographs labelled by hand, read in place from the packages that carry them, and what the skills make of them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.vision.boxes import Box, intersection_over_union
from agents_offchain.skills.vision.detector import DetectedObject, Detector, detect_objects
from agents_offchain.skills.vision.image import SMALL_SIDE_PX, decode_image, shrink
from agents_offchain.skills.vision.ocr import read_text
from agents_offchain.skills.vision.tiling import (
    Look,
    best_guesses,
    detect_mirrored,
    detect_thoroughly,
    detect_with_tiles,
)
from tests.evaluation.vision.lines import character_errors
from tests.evaluation.vision.rows import Row, bootstrap_ratio, calibration_error, share

LABELS = Path(__file__).parent / "photographs.toml"
DEFAULT_FOLDER = Path(__file__).parents[3] / ".cache" / "photographs"
SURE = 0.4
MATCH_IOU = 0.5


def look_once(detector: Detector, pixels: NDArray[np.uint8], min_score: float) -> list[DetectedObject]:
    """At the small copy, as `inspect-image` does."""
    return detect_objects(detector, shrink(pixels, SMALL_SIDE_PX), min_score, (pixels.shape[1], pixels.shape[0]))


WAYS: dict[str, Look] = {
    "one look": look_once,
    "mirrored too": detect_mirrored,
    "with tiles": detect_with_tiles,
    "mirrored and tiles": detect_thoroughly,
}


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """One labelled photograph; the fields are those of `photographs.toml`, ``pixels`` are RGB."""

    name: str
    pixels: NDArray[np.uint8]
    captions: tuple[str, str, str]
    objects: tuple[tuple[str, Box], ...]
    classes: tuple[str, ...]
    words: tuple[str, ...]


def read_photographs(folder: Path) -> list[Photograph]:
    """All labelled photographs, from packages unpacked in a folder.

    Raises:
        FileNotFoundError: `make eval-vision` unpacks them.
    """
    return [
        Photograph(
            Path(entry["file"]).stem,
            decode_image((folder / entry["file"]).read_bytes()).pixels,
            (entry["caption"], entry["other_caption"], entry["last_caption"]),
            tuple((label, tuple(box)) for label, box in entry["objects"]),
            tuple(entry["classes"]),
            tuple(entry["words"]),
        )
        for entry in tomllib.loads(LABELS.read_text(encoding="utf-8"))["photograph"]
    ]


def photograph_rows(models: SceneModels, photographs: Sequence[Photograph]) -> list[Row]:
    """Objects and words of the photographs."""
    return [
        *(row for way in WAYS for row in _objects(models, photographs, way)),
        _words(models, photographs),
    ]


def _objects(models: SceneModels, photographs: Sequence[Photograph], way: str) -> list[Row]:
    total: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    false_alarms, scores, hits, photos = 0, [], [], []
    for number, photograph in enumerate(photographs):
        claimed = best_guesses(WAYS[way](models.vision.detector, photograph.pixels, SURE))
        left = list(photograph.objects)
        total.update(label for label, _ in left)
        for item in claimed:
            match = next((truth for truth in left if _is_match(item, truth)), None)
            scores.append(item.score)
            hits.append(match is not None)
            photos.append(number)
            if match is None:
                false_alarms += 1
                continue
            left.remove(match)
            seen[match[0]] += 1
    by_class = ", ".join(f"{label} {seen[label]}/{count}" for label, count in total.items())
    sample = f"objects in {len(photographs)} photographs"
    return [
        share(f"photographs, recall, {way}", seen.total(), total.total(), sample),
        Row("  by class", by_class, sample),
        Row("  false alarms", f"{false_alarms}, {false_alarms / len(photographs):.2f} a photograph", sample),
        Row("  calibration error of the scores", f"{calibration_error(scores, hits):.3f}", f"{len(scores)} claims"),
        Row(
            "  the same, scores mapped by the other photographs",
            f"{calibration_error(_mapped(scores, hits, photos), hits):.3f}",
            f"{len(scores)} claims",
        ),
    ]


def _mapped(scores: Sequence[float], hits: Sequence[bool], photos: Sequence[int]) -> list[float]:
    """Scores through a logistic map (Platt, 1999) that is fitted on the claims of all other photographs."""
    logits = np.log(np.array(scores) / (1 - np.array(scores)))
    right, of = np.array(hits, float), np.array(photos)
    grid = [(slope, shift) for slope in np.linspace(0.25, 4, 16) for shift in np.linspace(-4, 2, 25)]
    mapped = []
    for logit, photo in zip(logits, photos, strict=True):
        others = of != photo

        def loss(pair: tuple[float, float], others: NDArray[np.bool_] = others) -> float:
            likely = 1 / (1 + np.exp(-(pair[0] * logits[others] + pair[1])))
            return float(-(right[others] * np.log(likely) + (1 - right[others]) * np.log(1 - likely)).mean())

        slope, shift = min(grid, key=loss)
        mapped.append(float(1 / (1 + np.exp(-(slope * logit + shift)))))
    return mapped


def _is_match(item: DetectedObject, truth: tuple[str, Box]) -> bool:
    return item.label == truth[0] and intersection_over_union(item.box_px, truth[1]) >= MATCH_IOU


def _words(models: SceneModels, photographs: Sequence[Photograph]) -> Row:
    """Each labelled line against the read line that is nearest to it."""
    pairs: list[tuple[float, float]] = []
    for photograph in photographs:
        if not photograph.words:
            continue
        read = [line.text for line in read_text(models.vision.ocr, photograph.pixels, 0.3)]
        for word in photograph.words:
            errors = min((character_errors([line], word) for line in read), default=len(word))
            pairs.append((min(errors, len(word)), len(word)))
    low, high = bootstrap_ratio(pairs)
    rate = sum(errors for errors, _ in pairs) / sum(length for _, length in pairs)
    sample = f"{sum(int(length) for _, length in pairs)} characters in {len(pairs)} lines"
    return Row("photographs, OCR character error", f"{rate:.4f} [{low:.4f}, {high:.4f}]", sample)
