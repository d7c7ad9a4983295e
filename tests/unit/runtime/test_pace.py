"""The pace of workers: grows where there is room, halves where there is none, and never leaves its bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.runtime.workers.gate import MeasuredArtifacts, PacedSkills
from agents_offchain.runtime.workers.limits import WorkerDied, WorkerLimits
from agents_offchain.runtime.workers.pace import Pace, PaceLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult

pytestmark = pytest.mark.unit
LIMITS = WorkerLimits()


def settle(latency: Callable[[int], float], ceiling: int = 16, runs: int = 400) -> list[int]:
    """The window after each run on a machine where a run takes `latency(workers)`."""
    pace, seen = Pace(PaceLimits(ceiling=ceiling)), []
    for _ in range(runs):
        pace.finished(latency(pace.workers), was_full=True)
        seen.append(pace.workers)
    return seen


def cores(number: int) -> Callable[[int], float]:
    """A machine that runs `number` at once at full speed, and shares its time among more."""
    return lambda workers: max(1.0, workers / number)


@pytest.mark.parametrize("number", [1, 2, 4, 8])
def test_pace__on_a_machine_of_some_cores__stays_around_them(number: int) -> None:
    late = settle(cores(number))[200:]
    assert number / 2 <= sum(late) / len(late) <= 2 * number
    assert max(late) <= 2.2 * number + 1


def test_pace__with_room_for_more__reaches_its_ceiling_and_no_more() -> None:
    assert settle(lambda workers: 1.0, ceiling=6)[-1] == 6


def test_pace__when_runs_die_for_lack_of_room__halves_once_for_those_under_way() -> None:
    pace = Pace(PaceLimits(ceiling=8))
    while pace.workers < 8:
        pace.finished(1.0, was_full=True)
    for _ in range(4):
        pace.failed()
    assert pace.workers == 4


def test_pace__that_is_never_full__does_not_grow() -> None:
    pace = Pace(PaceLimits(ceiling=8))
    for _ in range(50):
        pace.finished(1.0, was_full=False)
    assert pace.workers == 1


@pytest.mark.parametrize(("fetch", "run", "ahead"), [(0.0, 5.0, 0), (0.1, 5.0, 1), (5.0, 5.0, 1), (50.0, 5.0, 4)])
def test_prefetch__hides_fetching_behind_running_within_bounds(fetch: float, run: float, ahead: int) -> None:
    pace = Pace(PaceLimits(ceiling=1))
    if fetch:
        pace.fetched(fetch)
    assert pace.prefetch == 0, "nothing is known before the first run"
    pace.finished(run, was_full=True)
    assert pace.prefetch == ahead


@given(st.lists(st.tuples(st.floats(0.001, 1e4), st.booleans(), st.booleans()), max_size=200), st.integers(1, 64))
def test_pace__whatever_is_measured__stays_between_floor_and_ceiling(
    runs: list[tuple[float, bool, bool]], ceiling: int
) -> None:
    pace = Pace(PaceLimits(ceiling=ceiling))
    for seconds, was_full, is_dead in runs:
        if is_dead:
            pace.failed()
        else:
            pace.fetched(seconds / 2)
            pace.finished(seconds, was_full=was_full)
        assert 1 <= pace.workers <= ceiling
        assert pace.in_hand <= ceiling + 4


async def test_gate__lets_through_what_the_pace_allows_and_tells_it_how_long_each_took() -> None:
    pace, now, running, most = Pace(PaceLimits(ceiling=2)), 0.0, 0, 0
    pace.finished(1.0, was_full=True)
    assert pace.workers == 2

    async def run(service: str, request: Any, inputs: Any, limits: WorkerLimits) -> WorkerResult:
        nonlocal now, running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        now += 1.0
        running -= 1
        if service == "dies":
            raise WorkerDied("gone")
        return WorkerResult({}, {}, {})

    gate = PacedSkills(run, pace, lambda: now)
    await asyncio.gather(*(gate("works", {}, {}, LIMITS) for _ in range(6)))
    assert most == 2
    with pytest.raises(WorkerDied):
        await gate("dies", {}, {}, LIMITS)
    assert pace.workers == 1
    await asyncio.wait_for(gate("works", {}, {}, LIMITS), 1)


async def test_artifacts__that_are_measured__are_the_same_bytes() -> None:
    class Store:
        async def get(self, cid: str, max_bytes: int) -> bytes:
            return cid.encode()

        async def put(self, data: bytes) -> str:
            return data.decode()

    pace = Pace(PaceLimits(ceiling=1))
    ticks = iter([0.0, 3.0])
    store = MeasuredArtifacts(Store(), pace, lambda: next(ticks))
    assert await store.get("cid", 10) == b"cid"
    assert await store.put(b"x") == "x"
    pace.finished(1.0, was_full=True)
    assert pace.prefetch == 3
