"""Processes follow a backlog: quick up, slow down, never past floor and ceiling; whoever dies is kept up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.runtime.supervisor.scaler import PAUSE_SECONDS, Scaler
from agents_offchain.runtime.supervisor.scaling import Scale, ScalePolicy, next_scale
from agents_offchain.runtime.supervisor.spec import ScaledSpec
from agents_offchain.runtime.supervisor.supervisor import Supervisor
from agents_offchain.storage.database import DatabaseUnavailable
from tests.unit.supervisor.fakes import FakeSpawner, process

pytestmark = pytest.mark.unit
POLICY = ScalePolicy(ceiling=8, jobs_per_process=2, spared=1, cooldown_seconds=60)


def scales(policy: ScalePolicy, backlogs: list[int], seconds: float = 10.0) -> list[int]:
    scale, seen = Scale(0), []
    for index, backlog in enumerate(backlogs):
        scale = next_scale(policy, scale, backlog, index * seconds)
        seen.append(scale.processes)
    return seen


def test_scale__under_a_rising_backlog__doubles_until_it_is_enough() -> None:
    assert scales(POLICY, [0, 1, 3, 17, 17, 17, 17]) == [0, 0, 1, 2, 4, 8, 8]


def test_scale__when_the_backlog_is_gone__loses_one_after_each_cool_down() -> None:
    assert scales(POLICY, [9, 9, 9, *[0] * 19]) == [1, 2, 4, *[4] * 6, *[3] * 6, *[2] * 6, 1]


def test_scale__when_the_backlog_comes_back__starts_its_cool_down_anew() -> None:
    flapping = [5, 5, *[0] * 5, 5, *[0] * 5, 5, *[0] * 5]
    assert set(scales(POLICY, flapping)[1:]) == {2}


@given(
    st.lists(st.integers(0, 500), max_size=60),
    st.integers(0, 4),
    st.integers(0, 8),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_scale__whatever_the_backlog__stays_between_floor_and_ceiling(
    backlogs: list[int], floor: int, extra: int, jobs: int, spared: int
) -> None:
    policy = ScalePolicy(floor + extra, floor, jobs, spared, 30.0)
    seen = scales(policy, backlogs)
    assert all(number <= policy.ceiling for number in seen)
    assert all(number >= min(floor, 2**index) for index, number in enumerate(seen))
    assert all(after - before <= max(before, floor, 1) for before, after in zip([0, *seen], seen, strict=False))


class Backlog:
    def __init__(self) -> None:
        self.jobs = 0
        self.is_away = False

    async def __call__(self) -> int:
        if self.is_away:
            raise DatabaseUnavailable("away")
        return self.jobs


def scaled(backlog: Backlog) -> ScaledSpec:
    policy = ScalePolicy(ceiling=3, cooldown_seconds=5)
    return ScaledSpec("helpers", lambda number: process(f"helper-{number}"), policy, backlog)


async def test_scaler__follows_the_backlog_with_processes_of_its_own() -> None:
    clock, spawner, backlog = ManualClock(), FakeSpawner(), Backlog()
    scaler = Scaler(scaled(backlog), spawner, clock, lambda state: None)
    assert await scaler.step() == 0
    backlog.jobs = 3
    assert [await scaler.step() for _ in range(3)] == [1, 2, 3]
    assert [state.name for state in scaler.states()] == ["helper-1", "helper-2", "helper-3"]
    backlog.is_away = True
    assert await scaler.step() == 3, "what cannot be read changes nothing"
    backlog.is_away, backlog.jobs = False, 0
    assert await scaler.step() == 3
    clock.advance(6)
    assert await scaler.step() == 2
    assert spawner.of("helper-3")[0].code.done()
    assert not spawner.of("helper-1")[0].code.done()
    await scaler.stop()
    assert scaler.states() == ()
    assert all(child.code.done() for child in spawner.children)


async def test_scaler__when_a_helper_does_not_come_up__goes_on_without_it_and_tries_again() -> None:
    clock, backlog, spawner = ManualClock(), Backlog(), FakeSpawner(absent={"helper-1"})
    scaler = Scaler(scaled(backlog), spawner, clock, lambda state: None)
    backlog.jobs = 1
    assert await scaler.step() == 0
    spawner.absent.clear()
    assert await scaler.step() == 0, "not at once"
    clock.advance(PAUSE_SECONDS)
    assert await scaler.step() == 1
    await scaler.stop()


async def test_supervisor__with_a_scaled_set__shows_it_and_ends_it_before_what_it_needs(tmp_path: Path) -> None:
    backlog, spawner = Backlog(), FakeSpawner()
    backlog.jobs = 1
    spec = ScaledSpec("helpers", lambda n: process(f"helper-{n}"), ScalePolicy(ceiling=1), backlog, needs=("agent",))
    supervisor = Supervisor([process("agent"), spec], spawner, tmp_path, clock=ManualClock())
    await supervisor.start()
    for _ in range(1000):
        if len(supervisor.states()) == 2:
            break
        await asyncio.sleep(0)
    assert [state.name for state in supervisor.states()] == ["agent", "helper-1"]
    await supervisor.stop()
    assert all(child.code.done() for child in spawner.children)
