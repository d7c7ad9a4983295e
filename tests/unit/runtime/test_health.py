"""A daemon's health as a file, and the supervisor's and the operator's use of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents_offchain.cli import main as command
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.runtime.health import Health, HealthFile
from agents_offchain.runtime.supervisor.probes import HealthFresh

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("state", "age", "is_live", "is_ready"),
    [
        ("running", 1, True, True),
        ("waiting", 1, True, False),
        ("starting", 1, True, False),
        ("running", 99, False, False),
        ("failed", 1, False, False),
        ("stopped", 1, False, False),
    ],
)
def test_health__of_each_state__is_live_while_the_loop_turns_and_ready_while_it_works(
    state: str, age: float, is_live: bool, is_ready: bool
) -> None:
    health = Health("agent", 1, state, at=100.0)
    assert (health.is_live(100 + age, 60), health.is_ready(100 + age, 60)) == (is_live, is_ready)


def test_file__gives_back_what_was_written_and_nothing_for_what_is_damaged(tmp_path: Path) -> None:
    file = HealthFile(tmp_path / "health", "agent")
    assert file.read() is None
    file.write(Health("agent", 7, "running", 5.0, 42, 1, "draining"))
    assert file.read() == Health("agent", 7, "running", 5.0, 42, 1, "draining")
    file.path.write_text("{")
    assert file.read() is None


async def test_fresh__judges_only_the_process_that_is_asked_about(tmp_path: Path) -> None:
    clock, file = ManualClock(), HealthFile(tmp_path, "agent")
    probe = HealthFresh(file, 60, clock)
    assert await probe.is_ready(7), "without a word nothing is known"
    file.write(Health("agent", 7, "running", clock.now_seconds()))
    clock.advance(59)
    assert await probe.is_ready(7)
    clock.advance(2)
    assert not await probe.is_ready(7)
    assert await probe.is_ready(8), "a successor has not spoken yet"


def test_command__for_probes__answers_from_the_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def ask(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            command.main(["health", *words, "--json", "--home", str(tmp_path)])
        return int(end.value.code or 0)

    assert ask("agent") == 2
    file = HealthFile(tmp_path / "run" / "health", "agent")
    file.write(Health("agent", 7, "running", 4e9, 42))
    capsys.readouterr()
    assert ask("agent") == 0
    assert json.loads(capsys.readouterr().out)["block_number"] == 42
    file.write(Health("agent", 7, "waiting", 4e9))
    assert ask("agent") == 1
    assert ask("agent", "--live") == 0
    file.write(Health("agent", 7, "running", 1.0))
    assert ask("agent", "--live") == 1
