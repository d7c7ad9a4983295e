from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.runtime.supervisor.keeper import FATAL_EXIT, Keeper
from agents_offchain.runtime.supervisor.spec import ProcessSpec, RestartPolicy
from agents_offchain.runtime.supervisor.state_file import ProcessState
from tests.unit.supervisor.fakes import FakeSpawner, ReadyWhenTold, process

pytestmark = pytest.mark.unit


class Watched:
    """A keeper with a clock that a test's waiting moves, and a record of its states."""

    def __init__(self, spec: ProcessSpec, spawner: FakeSpawner) -> None:
        self.spawner = spawner
        self.clock = ManualClock()
        self.states: list[ProcessState] = []
        self.keeper = Keeper(spec, spawner, self.clock, self.states.append)

    def words(self) -> list[str]:
        return [state.state for state in self.states]

    async def until(self, fact: Callable[[], bool]) -> None:
        for _ in range(10_000):
            if fact():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"never came to be; states were {self.words()}")


async def test_start__given_a_process_that_serves__is_ready() -> None:
    watched = Watched(process("agent"), FakeSpawner())
    assert await watched.keeper.start()
    assert watched.words() == ["starting", "ready"]
    await watched.keeper.stop()
    assert watched.words()[-2:] == ["stopping", "stopped"]
    assert watched.keeper.state.pid == 0


async def test_start__given_a_process_that_ends_at_once__fails_without_a_second_try() -> None:
    watched = Watched(process("agent", ready=ReadyWhenTold(False)), FakeSpawner(ending={"agent": 2}))
    assert not await watched.keeper.start()
    assert watched.keeper.state.state == "failed"
    assert "exit code 2" in watched.keeper.state.detail
    assert len(watched.spawner.children) == 1


async def test_start__given_no_such_program__fails_with_the_reason() -> None:
    watched = Watched(process("agent"), FakeSpawner(absent={"agent"}))
    assert not await watched.keeper.start()
    assert "No such file" in watched.keeper.state.detail


async def test_start__when_it_is_not_ready_in_time__fails_and_ends_it() -> None:
    watched = Watched(process("agent", ready=ReadyWhenTold(False), ready_seconds=3), FakeSpawner())
    assert not await watched.keeper.start()
    assert "not ready within 3 s" in watched.keeper.state.detail
    assert watched.spawner.children[0].code.done()


async def test_start__when_the_probe_refuses__fails_with_its_sentence() -> None:
    class Refusing(ReadyWhenTold):
        async def is_ready(self, pid: int) -> bool:
            raise Refused("Another program answers.")

    watched = Watched(process("anvil", ready=Refusing()), FakeSpawner())
    assert not await watched.keeper.start()
    assert "Another program answers." in watched.keeper.state.detail


async def test_run__when_a_ready_process_ends__starts_it_again_after_a_pause() -> None:
    watched = Watched(process("agent"), FakeSpawner())
    await watched.keeper.start()
    watched.spawner.children[0].end(-9)
    await watched.until(lambda: watched.words().count("ready") == 2)
    assert watched.words() == ["starting", "ready", "backoff", "starting", "ready"]
    assert watched.keeper.state.restarts == 1
    assert "SIGKILL" in watched.states[2].detail
    await watched.keeper.stop()


async def test_run__when_the_failure_budget_is_spent__gives_up() -> None:
    policy = RestartPolicy(budget=3, window_seconds=1_000)
    watched = Watched(process("agent", restart=policy), FakeSpawner())
    await watched.keeper.start()
    watched.spawner.ending["agent"] = 1
    watched.spawner.children[0].end(1)
    await watched.until(lambda: watched.keeper.state.state == "failed")
    assert watched.words().count("backoff") == 3
    await watched.keeper.stop()
    assert watched.keeper.state.state == "failed"


async def test_run__when_failures_are_far_apart__keeps_starting() -> None:
    policy = RestartPolicy(budget=1, window_seconds=10)
    watched = Watched(process("agent", restart=policy), FakeSpawner())
    await watched.keeper.start()
    for count in range(1, 4):
        watched.clock.advance(60)
        watched.spawner.children[-1].end(1)
        await watched.until(lambda expected=count + 1: watched.words().count("ready") == expected)  # type: ignore[misc]
    await watched.keeper.stop()


async def test_run__when_a_process_says_that_a_restart_is_useless__gives_up_at_once() -> None:
    watched = Watched(process("agent"), FakeSpawner())
    await watched.keeper.start()
    watched.spawner.children[0].end(FATAL_EXIT)
    await watched.until(lambda: watched.keeper.state.state == "failed")
    assert "backoff" not in watched.words()
    await watched.keeper.stop()


async def test_stop__given_a_process_that_ignores_the_signal__kills_it() -> None:
    spawner = FakeSpawner(ignores={"agent": frozenset({signal.SIGTERM})})
    watched = Watched(process("agent", stop_seconds=0.01), spawner)
    await watched.keeper.start()
    await watched.keeper.stop()
    assert spawner.children[0].signals == [signal.SIGTERM]
    assert spawner.children[0].code.result() == -signal.SIGKILL


async def test_stop__when_called_twice__does_nothing_more() -> None:
    watched = Watched(process("agent"), FakeSpawner())
    await watched.keeper.start()
    await watched.keeper.stop()
    await watched.keeper.stop()
    assert len(watched.spawner.children[0].signals) == 1


async def test_start__given_a_hook__runs_it_at_every_start() -> None:
    seen: list[int] = []

    async def hook(pid: int) -> None:
        seen.append(pid)

    watched = Watched(process("anvil", after_ready=hook), FakeSpawner())
    await watched.keeper.start()
    watched.spawner.children[0].end(1)
    await watched.until(lambda: len(seen) == 2)
    await watched.keeper.stop()
    assert seen == [100, 101]


async def test_run__when_a_ready_process_gives_no_sign_of_life__is_ended_and_started_again() -> None:
    alive = ReadyWhenTold()
    watched = Watched(process("agent", alive=alive, watch_seconds=1.0), FakeSpawner())
    assert await watched.keeper.start()
    await watched.until(lambda: watched.clock.now_seconds() > 10)
    assert len(watched.spawner.children) == 1, "as long as it lives it is left alone"
    alive.is_open = False
    await watched.until(lambda: len(watched.spawner.children) == 2)
    alive.is_open = True
    await watched.until(lambda: watched.keeper.state.state == "ready")
    assert watched.keeper.state.restarts == 1
    assert any("no sign of life" in state.detail for state in watched.states)
    await watched.keeper.stop()
