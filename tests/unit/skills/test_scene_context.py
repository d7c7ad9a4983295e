"""What a job's words, files and camera change: thresholds, steps, sensors."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.errors import SkillSettingsInvalid
from agents_offchain.skills.multimodal.context import LEAST_SCORE, MOST_SCORE, Heed, Seen, heed, on_one_scale, there
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import PartsRefused, plan
from agents_offchain.skills.multimodal.sensors.camera import CameraView, Sighting, camera_stream
from agents_offchain.skills.multimodal.services import run
from agents_offchain.skills.multimodal.settings import ObserveSettings
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.errors import ImageRefused

pytestmark = pytest.mark.unit

HOST = {"models_dir": "models"}
LOG = json.dumps(
    {
        "schema": "aitbc.sensors/1",
        "streams": [{"name": "gps", "samples": [[t / 4, [t / 4, 0.0], 0.04] for t in range(8)]}],
    }
).encode()


def request(*cids: str, note: str = "", **settings: Any) -> dict[str, Any]:
    files = [{"cid": cid} for cid in cids]
    return {"input": files[0], "attachments": files[1:], "settings": settings, "note": note}


def test_heed__words_of_the_job__lower_and_known_facts_raise_the_threshold() -> None:
    found = heed(["Please count the cats near the dining table."], ["There are no dogs. A bus stops here."], [], 0.4)

    assert {entry.label: entry.min_score for entry in found} == pytest.approx(
        {"bus": 0.32, "cat": 0.32, "dining table": 0.32, "dog": 0.6}
    )
    assert heed(["Nothing of interest."], [], [], 0.4) == ()


@pytest.mark.parametrize(
    ("seen", "score"),
    [(Seen("cat", 0, 0), 0.4), (Seen("cat", 1000, 1000), 0.2), (Seen("cat", 1000, 0), 0.6), (Seen("cat", 4, 0), 0.5)],
)
def test_heed__history__moves_the_threshold_by_what_was_confirmed(seen: Seen, score: float) -> None:
    assert heed([], [], [seen], 0.4)[0].min_score == pytest.approx(score, abs=0.005)


def test_heed__everything_at_once__stays_within_its_bounds() -> None:
    low = heed(["a cat"], [], [Seen("cat", 10**6, 10**6)], 0.25)[0]
    high = heed([], ["no cats"], [Seen("cat", 10**6, 0)], 0.8)[0]

    assert (low.min_score, high.min_score) == (LEAST_SCORE, MOST_SCORE)


def test_there__and_on_one_scale__follow_the_class_threshold() -> None:
    cat, dog = DetectedObject("cat", 0.35, (0, 0, 9, 9)), DetectedObject("dog", 0.5, (20, 0, 29, 9))
    thresholds = (Heed("cat", 0.32, ""), Heed("dog", 0.6, ""))

    assert there([dog, cat], thresholds, 0.4) == [cat]
    assert [(item.label, item.score >= 0.4) for item in on_one_scale([dog, cat], thresholds, 0.4)] == [
        ("cat", True),
        ("dog", False),
    ]


def test_plan__picture_video_log_and_text__picks_the_skills_in_order() -> None:
    files = {"words": b"How many cats?\nA cat by a wall.\n", "clip": video([]), "log": LOG, "photo": png()}

    parts = plan(files)

    assert parts.steps()[0] == "detect-objects"
    assert parts.steps()[-2:] == ("watch-video", "fuse-sensors")
    assert parts.lines() == (("How many cats?",), ("A cat by a wall.",))
    assert plan({"clip": video([])}).steps(is_camera_used=True) == ("watch-video", "fuse-sensors")


@pytest.mark.parametrize("data", [b"%PDF-1.7 words", b"<html>words", b"\x00\x01\x02\x03", b"a\x07b"])
def test_plan__what_is_none_of_these__is_refused_by_what_it_is(data: bytes) -> None:
    with pytest.raises(ImageRefused):
        plan({"a": data})


def test_plan__a_text_alone__is_refused() -> None:
    with pytest.raises(PartsRefused, match="no file to look at"):
        plan({"a": b"What is this?"})


@pytest.mark.parametrize(
    "settings",
    [
        {"enhance": 1},
        {"history": {}},
        {"history": [{"label": "cat", "sightings": 1}]},
        {"history": [{"label": "cat", "sightings": 1, "confirmed": 2}]},
        {"history": [{"label": "dragon", "sightings": 1, "confirmed": 1}]},
        {"history": [{"label": "cat", "sightings": 1.5, "confirmed": 1}]},
        {"history": [{"label": "cat", "sightings": 1, "confirmed": 1}] * 2},
        {"camera": []},
        {"camera": {"label": "cat", "metres_per_pixel": 0.1}},
        {"camera": {"label": "dragon", "metres_per_pixel": 0.1, "origin_px": [0, 0]}},
        {"camera": {"label": "cat", "metres_per_pixel": 0, "origin_px": [0, 0]}},
        {"camera": {"label": "cat", "metres_per_pixel": 0.1, "origin_px": [0]}},
        {"camera": {"label": "cat", "metres_per_pixel": 0.1, "origin_px": [0, float("nan")]}},
        {"known": "no dogs"},
        {"video_frames": 1.5},
    ],
)
def test_settings__what_is_out_of_form__is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SkillSettingsInvalid):
        ObserveSettings.from_request(settings)


def test_camera_stream__sightings_of_the_label__are_positions_with_their_scatter() -> None:
    boxes = [(10.0, 0.0, 30.0, 40.0), (20.0, 0.0, 40.0, 40.0)]
    sightings = [Sighting(n * 0.5, [DetectedObject("cat", 0.5, box)]) for n, box in enumerate(boxes)]
    sightings.insert(1, Sighting(0.25, [DetectedObject("dog", 0.9, boxes[0])]))

    stream = camera_stream("camera", sightings, CameraView("cat", 0.1, (0.0, 100.0), start_s=5.0))

    assert stream is not None
    assert stream.times_s.tolist() == [5.0, 5.5]
    assert stream.positions_m.tolist() == pytest.approx(np.array([[2.0, 6.0], [3.0, 6.0]]))
    assert np.diag(stream.covariances_m2[0]) == pytest.approx([0.04, 0.16])
    assert camera_stream("camera", sightings, CameraView("bus", 0.1, (0.0, 0.0))) is None


def test_observe__a_video_and_a_log__the_camera_is_one_of_the_sensors(
    example_photo: bytes, scene_models: SceneModels
) -> None:
    """The cat of the contact sheet walks to the right, one metre a second at a hundred pixels a metre."""
    cat = np.array(Image.open(io.BytesIO(example_photo)).convert("RGB"))[62:352, 520:958]
    clip = video([25 * n for n in range(8)], cat)
    camera = {"label": "cat", "metres_per_pixel": 0.01, "origin_px": [225, 300]}

    wanted = request("clip", "log", camera=camera, video_frames=8, track_points=4, note="Follow the cat.")
    result = run("observe-scene", wanted, {"clip": clip, "log": LOG}, HOST, scene_models)

    assert result.output["steps"] == ["watch-video", "fuse-sensors"]
    assert len(result.output["video"]) == 8
    assert [entry["label"] for entry in result.output["attention"]] == ["cat"]
    assert {sensor["name"] for sensor in result.output["track"]["sensors"]} == {"gps", "camera of the video"}
    assert result.output["track"]["points"][-1]["position"][0] == pytest.approx(1.75, abs=0.3)
    assert {statement["step"] for statement in result.output["statements"]} == {"watch-video", "fuse-sensors"}
    canonical_json(dict(result.output))
    canonical_json(dict(result.evidence))


def test_observe__a_camera_that_saw_nothing_and_no_log__is_refused(scene_models: SceneModels) -> None:
    camera = {"label": "bus", "metres_per_pixel": 0.01, "origin_px": [0, 0]}

    with pytest.raises(Refused, match="saw nothing"):
        run("observe-scene", request("clip", camera=camera), {"clip": video([])}, HOST, scene_models)


def test_observe__a_text_file__brings_questions_and_captions(example_photo: bytes, scene_models: SceneModels) -> None:
    files = {"photo": example_photo, "words": b"How many cats are there?\nA contact sheet.\n"}

    result = run("observe-scene", request("photo", "words", enhance=True), files, HOST, scene_models)

    assert [answer["answer"] for answer in result.output["answers"]] == ["1"]
    assert [near["text"] for near in result.output["agreements"]] == ["A contact sheet."]
    assert set(result.evidence["inputs_sha256"]) == {"photo", "words"}


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (9, 9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


def video(places: list[int], sprite: np.ndarray | None = None) -> bytes:
    """Four frames a second; the sprite's left edge at each place, or three empty frames."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 4.0, (640, 320))
        for place in places or [0, 0, 0]:
            frame = np.full((320, 640, 3), 150, np.uint8)
            if sprite is not None:
                frame[10 : 10 + sprite.shape[0], place : place + sprite.shape[1]] = sprite[:, :, ::-1]
            writer.write(frame)
        writer.release()
        return path.read_bytes()
