from __future__ import annotations

import pytest

from agents_offchain.cli.logs import readable

pytestmark = pytest.mark.unit


def test_readable__given_a_json_line__puts_time_level_event_and_fields_in_one_line() -> None:
    line = '{"job": "1", "event": "job_seen", "process": "agent", "level": "info", "timestamp": "2026-01-02T03:04:05Z"}'
    assert readable(line) == "03:04:05 info    job_seen job=1"


@pytest.mark.parametrize("line", ["plain words", "[1, 2]", '{"no": "event"}'])
def test_readable__given_anything_else__leaves_it_as_it_is(line: str) -> None:
    assert readable(line) == line
