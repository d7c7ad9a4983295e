"""Naming what a picture as a whole shows: EfficientNet-Lite0 over onnxruntime, 1,000 classes of ImageNet.

In: RGB pixels. Out: the likeliest classes with calibrated scores. Source of the model: Tan and Le, "EfficientNet", ICML
2019, Lite variant. Which input scaling is its own was settled by measurement: `make eval-vision` prints both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.vision.inputs import Floats, channels_first
from agents_offchain.skills.vision.sessions import failing_as

SIDE_PX = 224
MIDDLE, HALF_RANGE = 127.0, 128.0
CLASSES = 1000
TEMPERATURE = 0.7
"""Logits are divided by this before the softmax (Guo et al., ICML 2017); fitted by `make eval-vision`, which prints the
fit, the photographs it rests on, and the error of calibration on photographs that the fit has not seen."""


@dataclass(frozen=True, slots=True)
class ClassGuess:
    """One class.

    Attributes:
        name: Its commonest name.
        names: All its names, comma-separated, as the class list has them.
        score: Calibrated probability in [0, 1].
    """

    name: str
    names: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A loaded model (an ``onnxruntime.InferenceSession``) and the names of its classes, in its order."""

    session: Any
    names: tuple[str, ...]


def read_class_names(content: bytes) -> tuple[str, ...]:
    """The names by class number, from JSON {"0": "tench, Tinca tinca", …}."""
    listed: Mapping[str, str] = json.loads(content)
    return tuple(listed[str(number)] for number in range(CLASSES))


def classify(classifier: Classifier, pixels: NDArray[np.uint8], count: int) -> list[ClassGuess]:
    """The likeliest classes of a picture.

    Args:
        pixels: `(height, width, 3)` uint8 RGB.
        count: How many, 1 to 1,000.

    Returns:
        Best first, ties by class number; scores to 4 decimals.

    Raises:
        InferenceFailed: the runtime could not run the model.
    """
    scores = calibrated(logits_of(classifier.session, pixels))
    best = np.argsort(-scores, kind="stable")[:count]
    return [
        ClassGuess(classifier.names[index].split(",")[0], classifier.names[index], round(float(scores[index]), 4))
        for index in best
    ]


def logits_of(session: Any, pixels: NDArray[np.uint8]) -> Floats:
    """`(1000,)` float32: the model's outputs before the softmax.

    Raises:
        InferenceFailed: the runtime could not run the model.
    """
    shown = prepare(pixels)
    with failing_as(lambda _: InferenceFailed("The classifier could not be run.", model="efficientnet_lite0")):
        answer: Floats = session.run(["logits"], {"picture": shown})[0][0]
    return answer


def calibrated(logits: Floats, temperature: float = TEMPERATURE) -> NDArray[np.float64]:
    """Probabilities that sum to 1, from logits over a temperature above 0."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max())
    return np.asarray(weights / weights.sum(), np.float64)


def prepare(pixels: NDArray[np.uint8]) -> Floats:
    """`(1, 3, 224, 224)` float32 RGB; the whole picture, stretched: what stands at its edge is seen too."""
    method = cv2.INTER_LINEAR if max(pixels.shape[:2]) < SIDE_PX else cv2.INTER_AREA
    square = cv2.resize(pixels, (SIDE_PX, SIDE_PX), interpolation=method)
    return channels_first(np.asarray(square, np.uint8), (MIDDLE,) * 3, (HALF_RANGE,) * 3)
