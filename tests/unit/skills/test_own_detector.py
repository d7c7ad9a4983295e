"""A detector of the operator's own: what is asked of its description and of its model, and that it is then used."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from agents_offchain.primitives.errors import Fatal
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.errors import ModelDigestMismatch, ModelMissing
from agents_offchain.skills.multimodal.services import run
from agents_offchain.skills.vision.detector import Detector, detect_objects, prepare
from agents_offchain.skills.vision.detector_form import NANODET, DetectorForm, read_form
from agents_offchain.skills.vision.errors import DetectorUnfit
from agents_offchain.skills.vision.image import decode_image, shrink
from agents_offchain.skills.vision.inspect_image import inspect_image
from agents_offchain.skills.vision.models import VisionModels, load_models
from agents_offchain.skills.vision.own_detector import load_own_detector
from agents_offchain.skills.vision.sessions import TorchSession
from agents_offchain.skills.vision.settings import InspectSettings
from agents_offchain.skills.vision.tiling import detect_mirrored

pytestmark = pytest.mark.unit

SIDE = 64
YOLO = np.array([[[32], [16], [16], [8], [0.1], [0.9]]], np.float32)
"""One candidate of class 1: its centre at 32, 16 of 64, 16 wide, 8 high."""


def constant_model(answer: np.ndarray, side: int = SIDE) -> bytes:
    """An ONNX model that gives one answer; its input is added with weight 0, so that its shape is checked."""
    shape = [1, 3, side, side]
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["answer", "nothing"], ["y"]),
    ]
    given = [numpy_helper.from_array(answer, "answer"), numpy_helper.from_array(np.float32(0), "zero")]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(answer.shape))],
        given,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(onnx.checker.check_model(model) or model.SerializeToString())


def describe(folder: Path, content: bytes = b"", **changes: Any) -> Path:
    """A description beside its model file."""
    content = content or constant_model(YOLO)
    fields: dict[str, Any] = {
        "name": "own",
        "file": "own.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "head": "yolo",
        "input_side_px": SIDE,
        "labels": ["forklift", "cat"],
        **changes,
    }
    (folder / "own.onnx").write_bytes(content)
    file = folder / "own.toml"
    file.write_text("".join(f"{name} = {value!r}\n" for name, value in fields.items() if value is not None))
    return file


def test_own_detector__described_and_fitting__finds_boxes_in_the_pictures_pixels(tmp_path: Path) -> None:
    detector = load_own_detector(describe(tmp_path), 1)
    (found,) = detect_objects(detector, np.zeros((128, 256, 3), np.uint8), 0.4)
    assert (found.label, found.score) == ("cat", 0.9)
    assert found.box_px == (96, 24, 160, 40)


def test_own_detector__letterbox__takes_the_grey_beside_the_picture_into_account(tmp_path: Path) -> None:
    detector = load_own_detector(describe(tmp_path, fit="letterbox"), 1)
    pixels = np.zeros((128, 256, 3), np.uint8)
    (found,) = detect_objects(detector, pixels, 0.4)
    shown, filled = prepare(detector.form, pixels)
    assert found.box_px == (96, 48, 160, 80)
    assert filled == (64, 32)
    assert (shown[0, 0, :32].max(), shown[0, 0, 32:].min()) == (0, pytest.approx(114 / 255))


def test_detect_mirrored__box_at_one_place_of_both_looks__is_only_believed_in_the_middle(tmp_path: Path) -> None:
    detector = load_own_detector(describe(tmp_path), 1)
    (both,) = detect_mirrored(detector, np.zeros((64, 64, 3), np.uint8), 0.4)
    assert both.score == 0.9  # its mirror image is itself
    aside = constant_model(YOLO - np.array([[[20], [0], [0], [0], [0], [0]]], np.float32))
    detector = load_own_detector(describe(tmp_path, aside), 1)
    assert [item.score for item in detect_mirrored(detector, np.zeros((64, 64, 3), np.uint8), 0.4)] == [0.45, 0.45]


def test_own_detector__finished_rows__are_read_and_zeros_left_aside(tmp_path: Path) -> None:
    rows = np.array([[[8, 8, 24, 40, 0.8, 0], [0, 0, 0, 0, 0, 0]]], np.float32)
    detector = load_own_detector(describe(tmp_path, constant_model(rows), head="rows"), 1)
    (found,) = detect_objects(detector, np.zeros((64, 64, 3), np.uint8), 0.4)
    assert (found.label, found.box_px) == ("forklift", (8, 8, 24, 40))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"head": "cloud"}, "head"),
        ({"input_side_px": 65}, "input_side_px"),
        ({"labels": ["cat", "Cat"]}, "listed twice"),
        ({"labels": []}, "labels"),
        ({"deviation": [0, 1, 1]}, "deviation"),
        ({"mean": [0, float("nan"), 0]}, "mean"),
        ({"sha256": "abc"}, "sha256"),
        ({"name": None}, "name"),
        ({"file": "own.pkl"}, "file"),
        ({"made_up": 1}, "made_up"),
    ],
)
def test_read_form__field_out_of_its_range__is_named(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DetectorUnfit, match=told):
        read_form(describe(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[" * 5000])
def test_read_form__not_toml__is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(content)
    with pytest.raises(DetectorUnfit, match="not TOML"):
        read_form(file)


@pytest.mark.parametrize(
    ("answer", "changes", "told"),
    [
        (YOLO, {"labels": ["cat"]}, "5 fields"),
        (YOLO, {"head": "nanodet"}, "six outputs"),
        (YOLO, {"head": "rows"}, "rows of 6"),
        (YOLO, {"input_side_px": 96}, "runtime|dimension"),
        (YOLO * 9, {}, "not from 0 to 1"),
        (YOLO * np.float32("nan"), {}, "not finite"),
        (np.array([[[1, 1, 2, 2, 0.5, 7]]], np.float32), {"head": "rows"}, "class 7"),
    ],
)
def test_own_detector__model_speaks_otherwise__is_told_at_start(
    tmp_path: Path, answer: Any, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(DetectorUnfit, match=f"(?i){told}") as caught:
        load_own_detector(describe(tmp_path, constant_model(np.asarray(answer, np.float32)), **changes), 1)
    assert caught.value.mend


def test_own_detector__other_bytes_or_none__are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelDigestMismatch):
        load_own_detector(describe(tmp_path, sha256="0" * 64), 1)
    with pytest.raises(DetectorUnfit, match="refuses"):
        load_own_detector(describe(tmp_path, b"not a model"), 1)
    with pytest.raises(ModelMissing):
        load_own_detector(tmp_path / "nowhere.toml", 1)
    file = describe(tmp_path)
    (tmp_path / "own.onnx").unlink()
    with pytest.raises(ModelMissing):
        load_own_detector(file, 1)


def test_own_detector__torchscript_without_pytorch__says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    file = describe(tmp_path, b"anything", file="own.pt")
    (tmp_path / "own.pt").write_bytes(b"anything")
    with pytest.raises(ModelMissing, match="PyTorch is not installed"):
        load_own_detector(file, 1)


def test_torch_session__a_module__is_asked_without_gradients() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is no part of the product")
    module = torch.jit.trace(torch.nn.Flatten(), torch.zeros(1, 3, 2, 2))
    (answer,) = TorchSession(module).run(None, {"picture": np.ones((1, 3, 2, 2), np.float32)})
    assert answer.shape == (1, 12)


def test_run__own_detector_by_setting__is_used_told_and_asked_in_its_words(
    tmp_path: Path, models_dir: Path, example_photo: bytes
) -> None:
    host = {"models_dir": str(models_dir), "detector": str(describe(tmp_path))}
    questions = ["How many forklifts are there?", "Is there a dog?", "Is there an animal?"]

    result = run(
        "observe-scene",
        {"input": {"cid": "photo"}, "settings": {"questions": questions}},
        {"photo": example_photo},
        host,
    )

    assert {item["label"] for item in result.output["objects"]} == {"cat"}
    assert [answer["answer"] for answer in result.output["answers"]] == ["0", "cannot tell", "cannot tell"]
    digest = hashlib.sha256(constant_model(YOLO)).hexdigest()
    assert result.evidence["models"]["own"] == f"sha256:{digest}"
    assert "nanodet" not in result.evidence["models"]


def test_models__same_file_other_description__differ_in_the_evidence(tmp_path: Path, models_dir: Path) -> None:
    digests = [
        load_models(models_dir, 1, describe(tmp_path, **changes)).digests for changes in ({}, {"colours": "bgr"})
    ]
    assert digests[0]["own"] == digests[1]["own"]
    assert digests[0]["detector_form"] != digests[1]["detector_form"]


def test_inspect__label_of_no_usual_class__is_drawn(tmp_path: Path, vision_models: VisionModels) -> None:
    form = DetectorForm.model_validate({**read_form(describe(tmp_path)).model_dump(), "labels": ("a", "forklift")})
    own = VisionModels(Detector(form, load_own_detector(describe(tmp_path), 1).session), vision_models.ocr, {}, {})
    grey = np.full((64, 64, 3), 90, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    result = inspect_image(buffer.getvalue(), InspectSettings(), own)
    assert [item["label"] for item in result.output["objects"]] == ["forklift"]
    assert result.artifacts["annotated"][1]


def test_settings__detector__comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITBC_DETECTOR", "mine/own.toml")
    assert Settings().detector == Path("mine/own.toml")


def test_nanodets_form__and_the_manifest__name_one_file(vision_models: VisionModels) -> None:
    assert vision_models.digests["nanodet"] == f"sha256:{NANODET.sha256}"
    assert isinstance(DetectorUnfit("x"), Fatal)


@pytest.mark.parametrize(
    ("size", "small"),
    [((4000, 3000), (640, 480)), ((479, 300), (479, 300)), ((9000, 500), (8640, 480)), ((1, 1), (1, 1))],
)
def test_shrink__any_size__keeps_proportions_and_never_enlarges(size: Sequence[int], small: Sequence[int]) -> None:
    assert shrink(np.zeros((size[1], size[0], 3), np.uint8), 480).shape == (small[1], small[0], 3)


def test_decode__picture__has_a_small_copy_for_those_that_look_at_it_whole(example_photo: bytes) -> None:
    picture = decode_image(example_photo)
    assert picture.size_px == (1000, 1060)
    assert picture.small.shape == (882, 832, 3)
    assert picture.thumbnail.shape == (448, 448, 3)
