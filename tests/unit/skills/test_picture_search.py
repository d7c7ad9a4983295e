"""`observe-scene` with several pictures: searched by words, one bad file does not cost the others."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from PIL import Image

from agents_offchain.primitives.errors import Refused
from agents_offchain.runtime.documents import ReExecution
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import MAX_PICTURES, PartsRefused, plan
from agents_offchain.skills.multimodal.searching import weightiest
from agents_offchain.skills.multimodal.services import run
from agents_offchain.skills.vision.errors import ImageDamaged, ImageFormatUnsupported
from oracle.checks.documents import FoundClass, SceneOutput, read_output
from oracle.checks.scene import compare_scenes

pytestmark = pytest.mark.unit

HOST = {"models_dir": "models"}
DAMAGED = b"\xff\xd8\xff nothing"


@pytest.fixture(scope="module")
def pictures(example_photo: bytes) -> dict[str, bytes]:
    """A person, a cat and a cup, each cut out of the shipped sheet."""
    sheet = Image.open(io.BytesIO(example_photo)).convert("RGB")
    boxes = {"person": (40, 62, 460, 578), "cat": (520, 62, 958, 352), "cup": (330, 640, 760, 960)}
    return {name: _png(sheet.crop(box)) for name, box in boxes.items()}


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def ask(files: dict[str, bytes], models: SceneModels, note: str = "", **settings: Any) -> dict[str, Any]:
    cids = [{"cid": cid} for cid in files]
    request = {"input": cids[0], "attachments": cids[1:], "settings": settings, "note": note}
    result = run("observe-scene", request, files, HOST, models)
    return {**json.loads(json.dumps(result.output)), "evidence": result.evidence}


def test_search__several_pictures_and_texts__ranks_them_and_says_when_none_matches(
    pictures: dict[str, bytes], scene_models: SceneModels
) -> None:
    wanted = ["a cup of coffee", "the face of a cat", "two ships at sea"]

    output = ask(pictures, scene_models, captions=wanted)

    assert output["steps"] == ["search-pictures"]
    best = {found["text"]: found["ranking"][0] for found in output["found"]}
    assert [(best[text]["picture"], best[text]["matches"]) for text in wanted[:2]] == [("cup", True), ("cat", True)]
    assert not any(entry["matches"] for entry in output["found"][2]["ranking"])
    assert all(len(found["ranking"]) == 3 for found in output["found"])
    told = output["statements"]
    assert told[0]["text"].startswith("“a cup of coffee” is shown by file 3 (")
    assert (told[0]["step"], told[0]["source"]) == ("search-pictures", "cup")
    assert told[2]["text"].startswith("“two ships at sea” is shown by none")
    assert set(told[2]["source"].split()) == set(pictures)
    assert [seen["picture"] for seen in output["pictures"]] == list(pictures)
    assert "person" in {item["label"] for item in output["pictures"][0]["objects"]}
    assert output["pictures"][2]["words"][0]["name"].startswith("espresso")
    assert set(output["evidence"]["inputs_sha256"]) == set(pictures)
    assert "minilm" in output["evidence"]["models"]


def test_search__done_again_by_a_reporter__agrees_and_a_bent_ranking_does_not(
    pictures: dict[str, bytes], scene_models: SceneModels
) -> None:
    two = {name: pictures[name] for name in ("cat", "cup")}
    claimed, again = (ask(two, scene_models, captions=["a cup of coffee"]) for _ in range(2))
    bent = copy.deepcopy(claimed)
    for entry in bent["found"][0]["ranking"]:
        entry["picture"] = {"cat": "cup", "cup": "cat"}[entry["picture"]]

    assert claimed == again
    assert _failed(claimed, again) == set()
    assert _failed(bent, again) == {"found"}


def _failed(claimed: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    one, other = read_output(claimed), read_output(ours)
    assert isinstance(one, SceneOutput)
    assert isinstance(other, SceneOutput)
    return {check.name for check in compare_scenes(one, other, ReExecution()) if not check.passed}


def test_weightiest__said_twice_and_long__is_one_name_with_its_share_that_a_reporter_can_read() -> None:
    words = weightiest([("cup", 1.0), ("brown", 0.5), ("cup", 0.3), ("long " * 100, 0.2)])

    assert [(word["name"][:5], word["score"]) for word in words] == [("cup", 0.65), ("brown", 0.25), ("long ", 0.1)]
    assert all(FoundClass.model_validate(word) for word in words)


def test_search__no_captions__looks_for_the_note(pictures: dict[str, bytes], scene_models: SceneModels) -> None:
    output = ask({"cat": pictures["cat"], "cup": pictures["cup"]}, scene_models, note=" a cup of coffee ")

    (found,) = output["found"]
    assert (found["text"], found["ranking"][0]["picture"]) == ("a cup of coffee", "cup")


def test_search__files_that_nobody_can_look_at__are_named_and_the_rest_is_searched(
    pictures: dict[str, bytes], scene_models: SceneModels
) -> None:
    files = {"broken": DAMAGED, "cup": pictures["cup"], "scan": b"%PDF-1.7 ...", "words": b"a cup of coffee"}

    output = ask(files, scene_models)

    assert [(entry["picture"], entry["number"]) for entry in output["left_out"]] == [("broken", 1), ("scan", 3)]
    assert "damaged" in output["left_out"][0]["reason"]
    assert "a PDF document" in output["left_out"][1]["reason"]
    assert [entry["picture"] for entry in output["found"][0]["ranking"]] == ["cup"]
    assert output["statements"][0]["text"].startswith("File 1 was left out. The picture is damaged")


@pytest.mark.parametrize(
    ("files", "note", "settings", "error", "words"),
    [
        ({"one": DAMAGED, "two": DAMAGED + b"!"}, "a cat", {}, ImageDamaged, "File 1 of the job, one: "),
        ({"one": DAMAGED, "scan": b"%PDF-1.7"}, "a cat", {}, ImageFormatUnsupported, "File 2 of the job, scan: "),
        ({"one": DAMAGED, "two": DAMAGED + b"!"}, "", {}, PartsRefused, "what to look for"),
        ({"one": DAMAGED, "two": DAMAGED + b"!"}, "x" * 500, {}, PartsRefused, "what to look for"),
        ({"one": DAMAGED, "two": DAMAGED + b"!"}, "a", {"questions": ["A cat?"]}, PartsRefused, "about one picture"),
    ],
)
def test_search__what_cannot_be_searched__is_refused_with_the_file_or_the_reason(
    files: dict[str, bytes],
    note: str,
    settings: dict[str, Any],
    error: type[Refused],
    words: str,
    scene_models: SceneModels,
) -> None:
    with pytest.raises(error, match=words):
        ask(files, scene_models, note, **settings)


def test_plan__more_pictures_than_are_searched__names_the_first_too_many() -> None:
    files = {f"p{number}": DAMAGED for number in range(MAX_PICTURES + 1)}

    with pytest.raises(PartsRefused, match=f"p{MAX_PICTURES}"):
        plan(files)
    assert len(plan(dict(list(files.items())[:MAX_PICTURES])).pictures) == MAX_PICTURES
