"""The whole skill with its real models: what it finds, that it finds the same again, and how it refuses."""

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.skills.errors import ModelMissing, SkillInputMissing, SkillSettingsInvalid, SkillUnknown
from agents_offchain.skills.result import SkillResult
from agents_offchain.skills.vision.errors import ImageRefused
from agents_offchain.skills.vision.inspect_image import inspect_image
from agents_offchain.skills.vision.models import VisionModels
from agents_offchain.skills.vision.services import SERVICES, run
from agents_offchain.skills.vision.settings import InspectSettings

pytestmark = pytest.mark.unit

DEFAULTS = InspectSettings()


@pytest.fixture(scope="module")
def result(example_photo: bytes, vision_models: VisionModels) -> SkillResult:
    return inspect_image(example_photo, DEFAULTS, vision_models)


def jpeg(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def overlap(one: list[float], other: list[float]) -> float:
    """Intersection over union."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod((high - low).clip(min=0)))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def test_inspect_image__example_photo__finds_what_its_readme_says(result: SkillResult) -> None:
    expected = {"person": [49, 103, 387, 579], "cat": [563, 94, 950, 349], "cup": [423, 649, 684, 931]}
    found = {item["label"]: item["box"] for item in result.output["objects"]}
    assert set(found) == set(expected)
    for label, box in expected.items():
        assert overlap(found[label], box) > 0.95
    assert [line["text"] for line in result.output["text"]] == [
        "CONTACT SHEET 07",
        "CHELSEA THE CAT",
        "EILEEN COLLINS, NASA ASTRONAUT",
        "COFFEE 3.50 DOLLARS",
    ]


def test_inspect_image__example_photo__has_the_promised_shape(result: SkillResult, example_photo: bytes) -> None:
    digest = hashlib.sha256(example_photo).hexdigest()
    assert result.output["image"] == {"width": 1000, "height": 1060, "sha256": digest}
    scores = [item["score"] for item in result.output["objects"]]
    assert scores == sorted(scores, reverse=True)
    for item in result.output["objects"]:
        assert all(value == round(value, 2) for value in item["box"])
        assert item["score"] == round(item["score"], 4)
    for line in result.output["text"]:
        assert np.shape(line["box"]) == (4, 2)
    assert result.evidence["skill"] == "inspect-image/2"
    assert result.evidence["input_sha256"] == digest
    assert result.evidence["seed"] == 0
    assert set(result.evidence["models"]) == {"nanodet", "detector_form", "ocr_det", "ocr_cls", "ocr_rec"}
    assert result.evidence["preprocessing"] == 3
    assert result.evidence["runtime"]["provider"] == "CPUExecutionProvider"
    assert result.evidence["runtime"]["threads"] == 1
    media_type, annotated = result.artifacts["annotated"]
    assert media_type == "image/jpeg"
    assert Image.open(io.BytesIO(annotated)).size == (1000, 1060)
    assert len(canonical_json({"output": result.output, "evidence": result.evidence})) < 1 << 16


def test_inspect_image__two_other_processes__give_byte_identical_results(
    result: SkillResult, example_photo: bytes, models_dir: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(example_photo)
    code = """
import hashlib, pathlib, sys
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.skills.vision.services import run
result = run("inspect-image", {"input": {"cid": "it"}, "settings": {}},
             {"it": pathlib.Path(sys.argv[1]).read_bytes()}, {"models_dir": sys.argv[2]})
sys.stdout.buffer.write(canonical_json({
    "output": result.output, "evidence": result.evidence,
    "annotated": hashlib.sha256(result.artifacts["annotated"][1]).hexdigest()}))
"""
    command = [sys.executable, "-c", code, str(photo), str(models_dir)]
    first, second = (subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2))
    here = {
        "output": result.output,
        "evidence": result.evidence,
        "annotated": hashlib.sha256(result.artifacts["annotated"][1]).hexdigest(),
    }
    assert first == second == canonical_json(here)


def test_inspect_image__again_in_one_process__is_equal(
    result: SkillResult, example_photo: bytes, vision_models: VisionModels
) -> None:
    assert inspect_image(example_photo, DEFAULTS, vision_models) == result


def test_inspect_image__stored_sideways_with_exif__is_found_upright(
    result: SkillResult, example_photo: bytes, vision_models: VisionModels
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    sideways = Image.open(io.BytesIO(example_photo)).transpose(Image.Transpose.ROTATE_90)
    turned = inspect_image(jpeg(sideways, exif=exif), DEFAULTS, vision_models)
    assert (turned.output["image"]["width"], turned.output["image"]["height"]) == (1000, 1060)
    boxes = {item["label"]: item["box"] for item in turned.output["objects"]}
    for item in result.output["objects"]:
        assert overlap(boxes[item["label"]], item["box"]) > 0.9


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_inspect_image__other_size__reads_the_same_text_in_its_own_pixels(
    result: SkillResult, example_photo: bytes, vision_models: VisionModels, factor: float
) -> None:
    photo = Image.open(io.BytesIO(example_photo))
    scaled = photo.resize((round(photo.width * factor), round(photo.height * factor)), Image.Resampling.LANCZOS)
    found = inspect_image(jpeg(scaled), DEFAULTS, vision_models).output["text"]
    assert [line["text"] for line in found] == [line["text"] for line in result.output["text"]]
    for line, original in zip(found, result.output["text"], strict=True):
        np.testing.assert_allclose(line["box"], np.array(original["box"]) * factor, atol=8 * max(factor, 1))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (7, 900), (9, 2000), (2000, 9), (31, 31), (30_000, 3)])
def test_inspect_image__tiny_or_thin_picture__is_inspected_without_findings(
    vision_models: VisionModels, size: tuple[int, int]
) -> None:
    result = inspect_image(jpeg(Image.new("RGB", size, (90, 120, 60))), DEFAULTS, vision_models)
    assert result.output["text"] == []
    assert (result.output["image"]["width"], result.output["image"]["height"]) == size


def test_inspect_image__wide_strip_of_text__is_read(vision_models: VisionModels) -> None:
    strip = Image.new("RGB", (1400, 60), (255, 255, 255))
    ImageDraw.Draw(strip).text((40, 10), "INVOICE 2041 PAID IN FULL", fill=(0, 0, 0), font=ImageFont.load_default(36))
    lines = inspect_image(jpeg(strip), DEFAULTS, vision_models).output["text"]
    assert " ".join(line["text"] for line in lines) == "INVOICE 2041 PAID IN FULL"
    assert all(0 <= y <= 60 for line in lines for _, y in line["box"])


def test_inspect_image__higher_threshold__leaves_weak_objects_out(
    example_photo: bytes, vision_models: VisionModels
) -> None:
    strict = inspect_image(example_photo, InspectSettings(min_object_score=0.7), vision_models)
    assert [item["label"] for item in strict.output["objects"]] == ["person"]
    assert strict.evidence["settings"] == {"min_object_score": 0.7, "min_text_score": 0.6}


def test_run__request_of_the_service__is_the_skills_result(
    result: SkillResult, example_photo: bytes, models_dir: Path, vision_models: VisionModels
) -> None:
    request = {"service": "inspect-image", "input": {"cid": "bafk"}, "settings": {}}
    done = run("inspect-image", request, {"bafk": example_photo}, {"models_dir": str(models_dir)}, vision_models)
    assert done == result
    assert list(SERVICES) == ["inspect-image"]


@pytest.mark.parametrize(
    ("service", "request_document", "expected"),
    [
        ("paint", {"input": {"cid": "it"}}, SkillUnknown),
        ("inspect-image", {}, SkillInputMissing),
        ("inspect-image", {"input": "it"}, SkillInputMissing),
        ("inspect-image", {"input": {"cid": "other"}}, SkillInputMissing),
        ("inspect-image", {"input": {"cid": ["it"]}}, SkillInputMissing),
        ("inspect-image", {"input": {"cid": "it"}, "settings": {"depth": 3}}, SkillSettingsInvalid),
        ("inspect-image", {"input": {"cid": "it"}, "settings": ["min_object_score"]}, SkillSettingsInvalid),
        ("inspect-image", {"input": {"cid": "it"}, "settings": {"min_object_score": 0}}, SkillSettingsInvalid),
        ("inspect-image", {"input": {"cid": "it"}, "settings": {"min_object_score": True}}, SkillSettingsInvalid),
        ("inspect-image", {"input": {"cid": "it"}, "settings": {"min_text_score": "0.5"}}, SkillSettingsInvalid),
        ("inspect-image", {"input": {"cid": "it"}, "settings": {"min_text_score": float("nan")}}, SkillSettingsInvalid),
        ("inspect-image", {"input": {"cid": "it"}}, ImageRefused),
    ],
)
def test_run__request_that_cannot_be_served__is_refused(
    service: str,
    request_document: dict[str, object],
    expected: type[Exception],
    models_dir: Path,
    vision_models: VisionModels,
) -> None:
    with pytest.raises(expected):
        run(service, request_document, {"it": b"not a picture"}, {"models_dir": models_dir}, vision_models)


def test_run__models_not_prepared__says_which_command_to_run(tmp_path: Path, example_photo: bytes) -> None:
    with pytest.raises(ModelMissing) as caught:
        run("inspect-image", {"input": {"cid": "it"}}, {"it": example_photo}, {"models_dir": tmp_path})
    assert "prepare_models" in caught.value.mend


def test_result__as_json__survives_the_round_trip(result: SkillResult) -> None:
    encoded = canonical_json(result.output)
    assert canonical_json(json.loads(encoded)) == encoded
