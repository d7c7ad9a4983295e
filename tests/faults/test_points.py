"""Which crossings become crash points, and which of them must come again."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.points import Point, Trace, points_of
from tests.faults.tempo import EVEN, UNEVEN

pytestmark = pytest.mark.unit


def _traces(daemon: str, tempo: str, *stories: str) -> list[Trace]:
    return [Trace(daemon, tempo, Counter(story.split())) for story in stories]


def test_points__of_a_crossing_in_every_story__must_come_again() -> None:
    assert points_of(_traces("agent", EVEN, "commit", "commit")) == [Point("agent", "commit", 1)]


def test_points__of_a_crossing_that_one_story_lacks__are_told_as_chance() -> None:
    assert points_of(_traces("agent", EVEN, "commit", "")) == [Point("agent", "commit", 1, is_certain=False)]


def test_points__of_a_crossing_that_only_slowness_makes_sure__are_tried_in_that_tempo() -> None:
    traces = [*_traces("agent", EVEN, "renew", ""), *_traces("agent", UNEVEN, "renew", "renew")]
    assert points_of(traces) == [Point("agent", "renew", 1, UNEVEN)]


def test_points__beyond_the_second_crossing_of_a_name__are_left_out() -> None:
    points = points_of(_traces("agent", EVEN, "beat beat beat", "beat beat beat"))
    assert [point.number for point in points] == [1, 2]


def test_points__of_daemons_of_one_kind__are_shared_among_those_that_cross_them() -> None:
    traces = [*_traces("reporter-1", EVEN, "sign keep"), *_traces("reporter-2", EVEN, "sign")]
    assert {str(point) for point in points_of(traces)} in (
        {"reporter-1: keep #1", "reporter-2: sign #1"},
        {"reporter-1: sign #1", "reporter-1: keep #1"},
    )
    assert len(points_of(traces)) == 2


def test_point__written_and_read_again__is_the_same() -> None:
    point = Point("indexer", "before commit watcher.step cursors+headers", 2, UNEVEN, is_certain=False)
    assert Point.parse(point.line()) == point


def test_firsts__of_a_juror__are_those_of_every_juror_and_of_nobody_else() -> None:
    assert Point("juror-3", "commit", 2).firsts() == {f"juror-{number}: commit #1" for number in (1, 2, 3)}
