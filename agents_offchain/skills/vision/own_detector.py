"""A detector that the operator chose in place of the shipped one: described, checked by digest, tried once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agents_offchain.skills.vision.detector import BESIDE, Detector
from agents_offchain.skills.vision.detector_form import DetectorForm, read_own_detector
from agents_offchain.skills.vision.errors import DetectorUnfit
from agents_offchain.skills.vision.sessions import failing_as, load_onnx, load_torch

SHAPE_ERRORS = (ValueError, TypeError, IndexError, AttributeError)
"""What numbers of an unforeseen shape lead to."""
MEND = "Correct the description, or export the model anew; docs/vision.md says what each head gives."


def load_own_detector(description: Path, threads: int) -> Detector:
    """Load the model that a description names.

    Raises:
        ModelMissing: the description, its model file or PyTorch is absent.
        ModelDigestMismatch: the file is not the described one.
        DetectorUnfit: the description is wrong, or the model does not speak as it says.
    """
    form, content = read_own_detector(description)
    with failing_as(lambda error: _unfit(form, f"the runtime refuses it: {str(error)[:200]}")):
        session = (load_onnx if form.file.endswith(".onnx") else load_torch)(content, threads)
    detector = Detector(form, session)
    _try_once(detector)
    return detector


def _try_once(detector: Detector) -> None:
    """On grey: the input is taken, the outputs have the head's shape, scores are in [0, 1] and boxes are numbers."""
    side = detector.form.input_side_px
    shown = np.full((1, 3, side, side), BESIDE, np.float32)
    with failing_as(lambda error: _unfit(detector.form, f"it cannot be run: {str(error)[:300]}"), *SHAPE_ERRORS):
        outputs = detector.session.run(None, {detector.session.get_inputs()[0].name: shown})
        is_finite = all(np.isfinite(output).all() for output in outputs)
        _, scores = detector.read([output[0] for output in outputs], -1.0)
    if not is_finite:
        raise _unfit(detector.form, "it gives values that are not finite")
    if scores.size and not (scores.min() >= -1e-3 and scores.max() <= 1 + 1e-3):
        raise _unfit(detector.form, f"its scores run from {scores.min():.3g} to {scores.max():.3g}, not from 0 to 1")


def _unfit(form: DetectorForm, reason: str) -> DetectorUnfit:
    return DetectorUnfit(f"The detector {form.name} does not fit its description: {reason}.", mend=MEND)
