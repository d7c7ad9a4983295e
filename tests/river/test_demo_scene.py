"""The scene demo: a photograph, questions and a sensor log go in as one job, are observed, checked and paid for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.river.stack import run_aitbc

pytestmark = [pytest.mark.river, pytest.mark.timeout(240)]


def test_demo_scene__given_the_example__pays_for_answers_with_boxes_and_a_track(tmp_path: Path) -> None:
    answer = run_aitbc("demo", "--scene", "--home", str(tmp_path / "home"), "--json")
    assert answer.returncode == 0, answer.stderr
    receipt = json.loads(answer.stdout)
    told = {item["question"]: item for item in receipt["answers"]}
    assert told["How many cats are there?"]["answer"] == "1"
    assert told["How many cats are there?"]["objects"][0]["label"] == "cat"
    assert told["How many dragons are there?"]["answer"] == "cannot tell"
    assert told["What is written below the cup?"]["answer"] == "COFFEE 3.50 DOLLARS"
    assert len(receipt["track"]["points"]) > 50
    radar = next(sensor for sensor in receipt["track"]["sensors"] if sensor["name"] == "radar")
    assert radar["gated"] > 0
    assert receipt["verdict"]["score"] == 100
    assert {"answers", "shown", "track"} <= {check["name"] for check in receipt["verdict"]["checks"]}
    assert receipt["is_conserved"]
