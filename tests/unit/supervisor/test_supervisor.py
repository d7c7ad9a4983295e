from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.runtime.supervisor.errors import StartFailed
from agents_offchain.runtime.supervisor.spec import Spec, StepSpec
from agents_offchain.runtime.supervisor.state_file import ProcessState
from agents_offchain.runtime.supervisor.supervisor import Supervisor
from tests.unit.supervisor.fakes import FakeSpawner, ReadyWhenTold, process

pytestmark = pytest.mark.unit


class Recorded:
    """A supervisor over fakes with the order of what happened."""

    def __init__(self, specs: list[Spec], logs: Path, spawner: FakeSpawner | None = None) -> None:
        self.spawner = spawner or FakeSpawner()
        self.story: list[str] = []
        self.supervisor = Supervisor(specs, self.spawner, logs, clock=SystemClock(), on_change=self._note)

    def _note(self, state: ProcessState) -> None:
        self.story.append(f"{state.name} {state.state}")


async def test_start__given_needs__starts_the_needed_first_and_stops_them_last(tmp_path: Path) -> None:
    done: list[str] = []

    async def open_market() -> None:
        done.append("market")

    specs = [process("anvil"), StepSpec("market", open_market, ("anvil",)), process("agent", "market")]
    run = Recorded(specs, tmp_path)
    await run.supervisor.start()
    assert done == ["market"]
    story = run.story
    assert story.index("anvil ready") < story.index("market done") < story.index("agent starting")
    await run.supervisor.stop()
    assert run.story.index("agent stopped") < run.story.index("anvil stopping")


async def test_start__given_no_need_between_them__starts_side_by_side(tmp_path: Path) -> None:
    slow = ReadyWhenTold(False)
    run = Recorded([process("slow", ready=slow), process("quick")], tmp_path)
    starting = asyncio.create_task(run.supervisor.start())
    while "quick ready" not in run.story:
        await asyncio.sleep(0)
    assert "slow ready" not in run.story
    slow.is_open = True
    await starting
    await run.supervisor.stop()


async def test_start__when_one_fails__stops_the_others_and_shows_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "agent.log").write_text("first\nmodel missing\n")
    specs = [process("anvil"), process("agent", "anvil", ready=ReadyWhenTold(False))]
    run = Recorded(specs, tmp_path, FakeSpawner(ending={"agent": 4}))
    with pytest.raises(StartFailed) as failure:
        await run.supervisor.start()
    assert failure.value.fields["process"] == "agent"
    assert failure.value.fields["log_tail"] == ["first", "model missing"]
    assert all(child.code.done() for child in run.spawner.children)


async def test_start__when_a_step_refuses__raises_its_own_error_with_nothing_left(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise Refused("No.")

    run = Recorded([process("anvil"), StepSpec("market", refuse, ("anvil",))], tmp_path)
    with pytest.raises(Refused, match="No"):
        await run.supervisor.start()
    assert all(child.code.done() for child in run.spawner.children)


async def test_start__when_cancelled__leaves_nothing_running(tmp_path: Path) -> None:
    run = Recorded([process("anvil"), process("agent", "anvil", ready=ReadyWhenTold(False))], tmp_path)
    starting = asyncio.create_task(run.supervisor.start())
    while "agent starting" not in run.story:
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert all(child.code.done() for child in run.spawner.children)
