"""The protocol through many days of bad weather; docs/coordination.md says what is checked where.

AITBC_TEST_SIZE=full lives through thousands.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest

from agents_offchain.coordination.errors import DecisionConflict
from tests.simulation.schedule import Weather, draw_schedule
from tests.simulation.world import World

pytestmark = pytest.mark.unit

DAYS = 6_000 if os.environ.get("AITBC_TEST_SIZE") == "full" else 240
BATCHES = 8


@pytest.mark.timeout(3600 if DAYS > 1000 else 120)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_agreement__on_bad_days__is_safe_always_and_live_after_healing(
    batch: int, capsys: pytest.CaptureFixture[str]
) -> None:
    weather = Weather()
    for seed in range(batch, DAYS, BATCHES):
        took = World(draw_schedule(seed), weather).run()
        assert took is not None, f"INV-AGR-09: no certificate after healing; schedule {draw_schedule(seed)}"
    with capsys.disabled():
        sys.stdout.write(f"\n{DAYS // BATCHES} schedules: {weather.line()}\n")


@pytest.mark.parametrize("seed", range(8))
def test_agreement__when_a_fifth_of_all_messages_is_always_lost__decides(seed: int) -> None:
    schedule = replace(draw_schedule(seed), loss=0.2, loss_after=0.2, partitions=(), crashes=())
    assert World(schedule).run() is not None


@pytest.mark.parametrize("seed", range(4))
def test_agreement__given_the_same_seed__is_the_same_day(seed: int) -> None:
    first, again = Weather(), Weather()
    assert World(draw_schedule(seed), first).run() == World(draw_schedule(seed), again).run()
    assert first == again


def test_agreement__given_more_liars_than_it_bears__is_seen_to_break() -> None:
    """The watch is not blind: with two of four members lying, some day two honest ones decide differently."""
    for seed in range(100):
        lies = {0: "twins", 1: "twins"}
        schedule = replace(draw_schedule(seed), members=4, lies=lies, crashes=(), partitions=(), heals_at=-85.0)
        try:
            World(replace(schedule, drift=(1.0,) * 4)).run()
        except (AssertionError, DecisionConflict):
            return
    raise AssertionError("the checks saw nothing")
