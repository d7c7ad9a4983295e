"""Whether time has passed, on a clock that may jump."""

from __future__ import annotations

import pytest

from agents_offchain.primitives.clock import has_passed

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("now", "expected"), [(100.0, False), (101.9, False), (102.0, True), (3_700.0, True), (99.0, True), (0.0, True)]
)
def test_has_passed__on_a_clock_that_may_jump__never_waits_for_the_jump(now: float, expected: bool) -> None:
    assert has_passed(2.0, since=100.0, now=now) is expected
