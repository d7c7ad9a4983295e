"""Loading the models once per process, from files whose digests were checked.

In: the folder that set-up filled, a thread count, and the description of another detector if the operator chose one.
Out: `VisionModels`, handed to the skills. The threads are a setting because two spinning threads on a busy machine are
slower than one, and one thread sums in one order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.manifest import read_checked, read_manifest
from agents_offchain.skills.vision.classifier import Classifier, read_class_names
from agents_offchain.skills.vision.detector import Detector
from agents_offchain.skills.vision.detector_form import NANODET
from agents_offchain.skills.vision.own_detector import load_own_detector
from agents_offchain.skills.vision.sessions import PROVIDER, failing_as, load_onnx
from agents_offchain.skills.vision.tesseract import Tesseract

DETECTION_SIDE_PX = 1280
TESSERACT = "tesseract"
PREPROCESSING = 3
"""Of pictures on their way to models; another number stands for other pixels, and reporters compare it."""
READING = ("ocr_det", "ocr_cls", "ocr_rec")
SEEING = (NANODET.name, *READING)
"""The models of `load_models` without another detector, by their names in the manifest."""
NAMING = ("classifier", "class_names")
"""The models of `load_classifier`."""


@dataclass(frozen=True, slots=True, eq=False)
class VisionModels:
    """Loaded models and what identifies them.

    Attributes:
        detector: The shipped NanoDet-m, or the operator's own.
        ocr: ``rapidocr.RapidOCR`` with its three models loaded.
        digests: ``sha256:<hex>`` by model name, for the evidence; of a detector also its description's.
        runtime: Versions, provider and thread count, for the evidence.
        pages: Who reads clean pages in place of ``ocr``, where the operator wants that.
    """

    detector: Detector
    ocr: Any
    digests: Mapping[str, str]
    runtime: Mapping[str, str | int]
    pages: Tesseract | None = None


def load_models(
    models_dir: Path, threads: int = 1, detector: Path | None = None, text_reader: str = ""
) -> VisionModels:
    """Check and load the models that find objects and text. Sets OpenCV's thread count for this process.

    Args:
        models_dir: The folder that ``tools/prepare_models.py`` filled.
        threads: Threads of one inference, 1 to the machine's cores.
        detector: Description of another detector than the shipped one; see `detector_form`.
        text_reader: ``tesseract`` for clean pages; PP-OCR alone otherwise.

    Raises:
        ModelMissing: a file or its package is absent.
        ModelDigestMismatch: a file is not the listed one.
        DetectorUnfit: the other detector does not speak as it is described.
        InferenceFailed: the runtime refuses a model or the thread count.
    """
    if not 1 <= threads <= (os.cpu_count() or 1):
        raise InferenceFailed(
            f"{threads} threads were asked for; this machine has {os.cpu_count()} cores.",
            mend="Set the thread count to 1.",
        )
    listed = read_manifest("vision")
    manifest = {name: listed[name] for name in (SEEING if detector is None else READING)}
    contents = {name: read_checked(entry, models_dir) for name, entry in manifest.items()}
    paths = {name: entry.locate(models_dir) for name, entry in manifest.items()}

    cv2.setNumThreads(threads)
    with failing_as(lambda error: _refused("a model file", error)):
        if detector is None:
            finder = Detector(NANODET, load_onnx(contents[NANODET.name], threads))
        else:
            finder = load_own_detector(detector, threads)
        ocr = _load_ocr(paths, threads)
    form = finder.form
    pages = Tesseract.find() if text_reader == TESSERACT else None
    return VisionModels(
        detector=finder,
        ocr=ocr,
        digests={
            form.name: f"sha256:{form.sha256}",
            "detector_form": form.digest,
            **{name: f"sha256:{entry.sha256}" for name, entry in manifest.items()},
            **({TESSERACT: pages.digest} if pages else {}),
        },
        pages=pages,
        runtime={
            "onnxruntime": version("onnxruntime"),
            "opencv": version("opencv-python-headless"),
            "pillow": version("pillow"),
            "provider": PROVIDER,
            "rapidocr": version("rapidocr"),
            "threads": threads,
            **({TESSERACT: pages.version} if pages else {}),
        },
    )


def load_classifier(models_dir: Path, threads: int = 1) -> tuple[Classifier, dict[str, str]]:
    """Check and load the classifier; also its digests, as `VisionModels` has them.

    Raises:
        ModelMissing, ModelDigestMismatch, InferenceFailed: as `load_models`.
    """
    listed = read_manifest("vision")
    contents = {name: read_checked(listed[name], models_dir) for name in NAMING}
    with failing_as(lambda error: _refused("the classifier", error)):
        session = load_onnx(contents["classifier"], threads)
    names = read_class_names(contents["class_names"])
    return Classifier(session, names), {name: f"sha256:{listed[name].sha256}" for name in NAMING}


def _refused(what: str, error: Exception) -> InferenceFailed:
    return InferenceFailed(f"The model runtime refuses {what}.", reason=str(error)[:200])


def _load_ocr(paths: Mapping[str, Path], threads: int) -> Any:
    """The engine with explicit model paths, so that it has nothing to look for and nothing to fetch."""
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_preprocess_img": False,
            "Det.model_path": str(paths["ocr_det"]),
            "Cls.model_path": str(paths["ocr_cls"]),
            "Rec.model_path": str(paths["ocr_rec"]),
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTION_SIDE_PX,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
