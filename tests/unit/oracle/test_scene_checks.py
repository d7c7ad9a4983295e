"""What reporters hold against a result of `observe-scene`."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from agents_offchain.primitives.hexes import checksum
from agents_offchain.runtime.documents import parse_request
from oracle.checks.check import compute_score
from oracle.checks.documents import SceneOutput, read_output, read_result
from oracle.checks.reexecution import Job, Reexecution, compare
from tests.unit.oracle.documents import (
    CHAIN_ID,
    ESCROW,
    OUTPUT,
    PICTURE_SHA,
    REQUEST_CID,
    request_document,
    result_fields,
)

pytestmark = pytest.mark.unit

JOB = Job(CHAIN_ID, checksum(ESCROW), 1, REQUEST_CID)
SERVICE = "observe-scene"
EVIDENCE = {"skill": "observe-scene/3", "models": {}, "seed": 0, "inputs_sha256": {"a": "aa", "b": "bb"}}
SCENE: dict[str, Any] = {
    **OUTPUT,
    "steps": ["detect-objects", "answer-questions", "fuse-sensors"],
    "scene": {"light": "even", "classes": [{"name": "cup", "score": 0.8}, {"name": "plate", "score": 0.1}]},
    "fingerprint": "00000000000000ff",
    "video": [{"time_s": 0.5, "objects": [dict(OUTPUT["objects"][2])]}],
    "agreements": [{"text": "a cup", "similarity": 0.6, "nearness": 4.0, "agrees": True}],
    "answers": [
        {
            "question": "How many dogs?",
            "program": {},
            "answer": "1",
            "reason": "",
            "objects": [OUTPUT["objects"][2]],
            "text": [],
        },
        {"question": "A dragon?", "program": None, "answer": "cannot tell", "reason": "?", "objects": [], "text": []},
    ],
    "pictures": [
        {
            "picture": name,
            "image": dict(OUTPUT["image"]),
            "words": [{"name": "cup", "score": 0.6}, {"name": "brown", "score": 0.2}],
            "objects": [OUTPUT["objects"][0]],
            "text": [],
            "fingerprint": "000000000000000f",
        }
        for name in ("b1", "b2")
    ],
    "left_out": [{"picture": "b3", "number": 3, "reason": "The picture is damaged."}],
    "found": [
        {
            "text": "a cup",
            "ranking": [
                {"picture": "b2", "number": 2, "similarity": 0.5, "nearness": 3.0, "matches": True},
                {"picture": "b1", "number": 1, "similarity": 0.4995, "nearness": 2.1, "matches": False},
            ],
        }
    ],
    "track": {
        "unit": "m",
        "points": [{"time_s": 1.0, "position": [0.5, 1.5], "deviation": [0.1, 0.1]}],
        "sensors": [{"name": "gps", "state": "fine", "taken": 9, "gated": 1}],
        "restarts": 0,
    },
}


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    bent = copy.deepcopy(SCENE)
    place: Any = bent
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return bent


def failed(claimed: dict[str, Any], evidence: dict[str, Any] = EVIDENCE) -> tuple[set[str], int]:
    fields = result_fields(service=SERVICE, output=claimed, evidence=evidence)
    again = Reexecution(read_output(SCENE), EVIDENCE, {"annotated": "image/jpeg"})
    request = parse_request(request_document("bafkreiinput0", service=SERVICE))
    checks = compare(read_result(json.dumps(fields).encode()), JOB, request, PICTURE_SHA, again)
    return {check.name for check in checks if not check.passed}, compute_score(checks)


def test_compare_scenes__given_an_honest_result__passes_everything() -> None:
    assert failed(SCENE) == (set(), 100)


@pytest.mark.parametrize(
    ("claimed", "names"),
    [
        (changed("answers", 0, "answer", to="2"), {"answers", "shown"}),
        (changed("answers", to=[]), {"answers", "shown"}),
        (changed("answers", 0, "objects", to=[]), {"shown"}),
        (changed("answers", 1, "answer", to="no"), {"answers", "shown"}),
        (changed("track", "points", 0, "position", to=[0.5, 1.6]), {"track"}),
        (changed("track", "points", 0, "deviation", to=[0.01, 0.01]), {"track"}),
        (changed("track", "points", 0, "position", to=[0.5]), {"track"}),
        (changed("track", "points", to=[]), {"track"}),
        (changed("track", "sensors", 0, "state", to="wild"), {"track"}),
        (changed("track", to=None), {"track"}),
        (changed("image", to=None), {"steps"}),
        (changed("steps", to=["detect-objects"]), {"steps"}),
        (changed("objects", 2, "label", to="cat"), {"labels", "boxes", "scores", "objects", "shown"}),
        (changed("text", to=[]), {"text", "text_boxes"}),
        (changed("scene", "classes", 0, "name", to="bowl"), {"classes"}),
        (changed("scene", "classes", 0, "score", to=0.9), {"classes"}),
        (changed("scene", "classes", to=[]), {"classes"}),
        (changed("agreements", 0, "agrees", to=False), {"agreements"}),
        (changed("agreements", to=[]), {"agreements"}),
        (changed("fingerprint", to="0000000000000000"), {"fingerprint"}),
        (changed("fingerprint", to=None), {"fingerprint"}),
        (changed("pictures", 0, "words", 0, "name", to="cat"), {"pictures"}),
        (changed("pictures", 1, "objects", to=[]), {"pictures"}),
        (changed("pictures", 1, "image", "sha256", to="ab" * 32), {"pictures"}),
        (changed("pictures", 1, "fingerprint", to="ffffffffffffffff"), {"pictures"}),
        (changed("pictures", to=SCENE["pictures"][::-1]), {"pictures"}),
        (changed("left_out", 0, "reason", to="I did not feel like it."), {"pictures"}),
        (changed("left_out", to=[]), {"pictures"}),
        (changed("found", 0, "ranking", 0, "matches", to=False), {"found"}),
        (changed("found", 0, "ranking", 0, "similarity", to=0.9), {"found"}),
        (changed("found", 0, "ranking", 0, "picture", to="b1"), {"found"}),
        (changed("found", 0, "ranking", to=SCENE["found"][0]["ranking"][::-1]), {"found"}),
        (changed("found", 0, "ranking", to=SCENE["found"][0]["ranking"][:1]), {"found"}),
        (changed("found", 0, "text", to="a cat"), {"found"}),
        (changed("found", to=[]), {"found"}),
        (changed("video", 0, "objects", to=[]), {"video"}),
        (changed("video", 0, "time_s", to=0.6), {"video"}),
    ],
)
def test_compare_scenes__one_part_bent__fails_it_and_does_not_pass(claimed: dict[str, Any], names: set[str]) -> None:
    found, score = failed(claimed)

    assert found == names
    assert score < 60


def test_compare_scenes__differences_of_the_last_decimal__pass() -> None:
    assert failed(changed("track", "points", 0, "position", to=[0.5009, 1.4991])) == (set(), 100)
    assert failed(changed("scene", "classes", 0, "score", to=0.8005)) == (set(), 100)
    assert failed(changed("fingerprint", to="00000000000000fe")) == (set(), 100)
    assert failed(changed("pictures", 0, "words", 0, "score", to=0.6005)) == (set(), 100)


def test_compare_scenes__two_pictures_as_near_as_the_tolerance__may_change_places() -> None:
    first, second = SCENE["found"][0]["ranking"]
    swapped = [second | {"similarity": 0.4999}, first | {"similarity": 0.4998}]

    assert failed(changed("found", 0, "ranking", to=swapped)) == (set(), 100)


def test_compare_scenes__made_from_other_files__is_worth_the_floor() -> None:
    assert failed(SCENE, {**EVIDENCE, "inputs_sha256": {"a": "aa"}}) == ({"input", "evidence"}, 5)


def test_compare_scenes__the_output_of_another_service__is_worth_the_floor() -> None:
    assert failed(OUTPUT) == ({"execution"}, 5)


def test_compare__other_preprocessing__is_other_evidence() -> None:
    assert "evidence" in failed(SCENE, {**EVIDENCE, "preprocessing": 1})[0]


def test_proposed_programs__of_a_claimed_scene__are_those_that_no_grammar_gave() -> None:
    program = {"do": "count", "things": {"noun": "dogs"}}
    proposed = {**SCENE["answers"][0], "question": "Tell me the dogs?", "program": program, "is_proposed": True}
    scene = read_output({**SCENE, "answers": [*SCENE["answers"], proposed]})
    assert isinstance(scene, SceneOutput)
    assert scene.proposed_programs == {"Tell me the dogs?": program}
