"""The skill `observe-scene` on the shipped photograph and a generated sensor log."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.catalog import run as run_any
from agents_offchain.skills.errors import SkillInputMissing, SkillSettingsInvalid, SkillUnknown
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import PartsRefused, plan
from agents_offchain.skills.multimodal.services import run
from agents_offchain.skills.multimodal.settings import MAX_TEXTS
from agents_offchain.skills.vision.fingerprint import fingerprint, is_same_picture
from agents_offchain.skills.vision.image import decode_image
from agents_offchain.skills.vision.scene import describe_scene

pytestmark = pytest.mark.unit

HOST = {"models_dir": "models"}
LOG = json.dumps(
    {
        "schema": "aitbc.sensors/1",
        "streams": [{"name": "gps", "samples": [[t, [t * 2.0, 1.0], 0.25] for t in range(30)]}],
    }
).encode()


@pytest.fixture(scope="module")
def coffee(example_photo: bytes) -> bytes:
    """The cup of the contact sheet alone."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(example_photo)).crop((330, 640, 760, 960)).save(buffer, "PNG")
    return buffer.getvalue()


def request(*cids: str, **settings: Any) -> dict[str, Any]:
    files = [{"cid": cid} for cid in cids]
    return {"input": files[0], "attachments": files[1:], "settings": settings}


def test_observe__picture_questions_and_log__answers_with_evidence_and_a_track(
    example_photo: bytes, scene_models: SceneModels
) -> None:
    questions = ["How many cats are there?", "Is the person left of the cat?", "How many dragons are there?"]
    wanted = request("photo", "log", questions=questions, track_points=5)

    result = run("observe-scene", wanted, {"photo": example_photo, "log": LOG}, HOST, scene_models)

    answers = {answer["question"]: answer for answer in result.output["answers"]}
    assert [answers[question]["answer"] for question in questions] == ["1", "yes", "cannot tell"]
    assert [item["label"] for item in answers[questions[0]]["objects"]] == ["cat"]
    assert "dragons" in answers[questions[2]]["reason"]
    assert len(result.output["track"]["points"]) == 5
    assert result.output["track"]["points"][-1]["position"] == pytest.approx([58, 1], abs=0.2)
    assert {statement["source"] for statement in result.output["statements"]} == {"photo", "log"}
    assert result.evidence["inputs_sha256"] == {"photo": sha256(example_photo).hex(), "log": sha256(LOG).hex()}
    assert result.artifacts["annotated"][0] == "image/jpeg"
    canonical_json(dict(result.output))


def test_observe__a_photograph__is_classified_with_calibrated_scores(coffee: bytes, scene_models: SceneModels) -> None:
    result = run("observe-scene", request("photo"), {"photo": coffee}, HOST, scene_models)

    best = result.output["scene"]["classes"][0]
    assert best["name"] == "espresso"
    assert 0.5 < best["score"] <= 1
    assert {"text": f"As a whole it shows: espresso ({best['score']:.2f}).", "step": "classify-picture"}.items() <= (
        next(told for told in result.output["statements"] if told["step"] == "classify-picture").items()
    )
    assert "minilm" not in result.evidence["models"]
    assert "classifier" in result.evidence["models"]


def test_observe__captions__agree_or_not_and_name_the_model(coffee: bytes, scene_models: SceneModels) -> None:
    wanted = request("photo", captions=["a cup of coffee on a saucer", "two ships at sea"])

    result = run("observe-scene", wanted, {"photo": coffee}, HOST, scene_models)

    assert [found["agrees"] for found in result.output["agreements"]] == [True, False]
    assert "minilm" in result.evidence["models"]


def test_fingerprint__a_small_bright_compressed_copy__is_the_same_picture(coffee: bytes, example_photo: bytes) -> None:
    picture = Image.open(io.BytesIO(coffee)).convert("RGB")
    small = picture.resize((picture.width // 2, picture.height // 2)).point(lambda value: min(255, round(value * 1.15)))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=40)
    found = [fingerprint(decode_image(data).pixels) for data in (coffee, buffer.getvalue(), example_photo)]

    assert is_same_picture(found[0], found[1])
    assert not is_same_picture(found[0], found[2])


def test_observe__a_log_alone__runs_only_the_sensors(scene_models: SceneModels) -> None:
    result = run("observe-scene", request("log"), {"log": LOG}, HOST, scene_models)

    assert result.output["steps"] == ["fuse-sensors"]
    assert "objects" not in result.output
    assert not result.artifacts


@pytest.mark.parametrize(
    ("cids", "settings", "error"),
    [
        (["log"], {"questions": ["Is there a cat?"]}, PartsRefused),
        (["log", "missing"], {}, SkillInputMissing),
        (["log"], {"colour": 1}, SkillSettingsInvalid),
        (["log"], {"track_points": 10**9}, SkillSettingsInvalid),
        (["log"], {"track_points": 2.5}, SkillSettingsInvalid),
        (["log"], {"max_speed": float("nan")}, SkillSettingsInvalid),
        (["log"], {"questions": ["Is there a cat?"] * (MAX_TEXTS + 1)}, SkillSettingsInvalid),
        (["log"], {"questions": [""]}, SkillSettingsInvalid),
        (["log"], {"questions": "Is there a cat?"}, SkillSettingsInvalid),
    ],
)
def test_observe__what_it_cannot_do__is_refused_with_its_reason(
    cids: list[str], settings: dict[str, Any], error: type[Refused], scene_models: SceneModels
) -> None:
    with pytest.raises(error):
        run("observe-scene", request(*cids, **settings), {"log": LOG}, HOST, scene_models)


def test_plan__two_files_of_a_kind_or_none__is_refused() -> None:
    with pytest.raises(PartsRefused, match="two files"):
        plan({"a": LOG, "b": LOG})
    with pytest.raises(PartsRefused, match="no file"):
        plan({})


def test_catalog__an_unknown_service__names_what_is_offered() -> None:
    with pytest.raises(SkillUnknown) as refusal:
        run_any("paint-picture", {}, {}, HOST)
    assert "observe-scene" in refusal.value.mend


def test_describe_scene__dark_flat_and_blurred_pixels__says_so(example_photo: bytes) -> None:
    pixels = decode_image(example_photo).pixels

    assert not describe_scene(pixels, []).is_blurred
    dark = describe_scene((pixels // 8).astype(np.uint8), [])
    assert (dark.light, dark.is_flat) == ("dark", True)
