"""The screen: drawn from a value, the same for terminal, picture and test."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console as Terminal

from agents_offchain.chain.node import Block
from agents_offchain.cli import main as command
from agents_offchain.cli.agents.view import AgentView, Left
from agents_offchain.cli.status import HomeStatus, ProcessStatus
from agents_offchain.cli.watch.command import picture
from agents_offchain.cli.watch.screen import age, bars, draw
from agents_offchain.cli.watch.snapshot import JobLine, Snapshot, by_hour
from agents_offchain.runtime.supervisor.state_file import SupervisorState

pytestmark = pytest.mark.unit
AGENT = AgentView("scout", "Scout", "scout", b"\1" * 20, "running", 7, Left(2, 1), 3, 3_420_000)
PROCESS = ProcessStatus("agent.scout", "running", 7, 1, 42, 2, 0.4, 98, "", True)
JOB = JobLine("4", "submitted", "provider scout", "inspect-image", "1.2 tUSD", "0", 75, "Handing the result over.")


def snapshot(*processes: ProcessStatus, dead: int = 0) -> Snapshot:
    head = Block(42, b"\1" * 32, b"\2" * 32, 1_000, 1)
    supervisor = SupervisorState(1, 900.0, (), {"page": "http://127.0.0.1:1"})
    return Snapshot(
        at=1_000.0,
        home="/home",
        status=HomeStatus(supervisor, head, list(processes or (PROCESS,))),
        agents=(AGENT,),
        jobs=(JOB,),
        jobs_by_status={"submitted": 1},
        earned_by_hour=(0,) * 23 + (1_140_000,),
        earned=3_420_000,
        sending=1,
        dead_letters=dead,
        approvals=1,
        chain_time=1_000.0,
    )


def drawn(value: Snapshot) -> str:
    terminal = Terminal(width=140, height=36, file=io.StringIO())
    terminal.print(draw(value), height=36)
    return terminal.file.getvalue()  # type: ignore[attr-defined]


def test_draw__of_a_home_that_is_up__shows_jobs_backlog_earnings_and_health() -> None:
    said = drawn(snapshot())
    for words in (
        "all is well",
        "agent.scout",
        "block 42",
        "scout",
        "3.42",
        "1.2 tUSD",
        "1m 15s",
        "Handing",
        "1 wait for",
    ):
        assert words in said, words


def test_draw__when_something_is_wrong__says_what() -> None:
    unwell = replace(PROCESS, state="failed", is_well=False, detail="was ended by SIGKILL; given up")
    assert "not well: agent.scout" in drawn(snapshot(unwell))
    assert "was ended by SIGKILL" in drawn(snapshot(unwell))
    assert "2 dead letters" in drawn(snapshot(dead=2))
    assert "not running" in drawn(replace(snapshot(), status=None))


def test_draw__given_words_of_strangers__prints_no_control_characters_and_no_markup() -> None:
    value = replace(snapshot(), jobs=(replace(JOB, last_word="\x1b[31mboo[/bold]\x07", service="[red]x"),))
    said = drawn(value)
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[/bold]" in said
    assert "[red]x" in said


def test_picture__of_a_snapshot__needs_nothing_from_elsewhere() -> None:
    text = picture(snapshot())
    assert text.startswith("<svg")
    assert "agent.scout" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http://127.0.0.1:1", "")


@pytest.mark.parametrize(
    ("amounts", "row"), [((), ""), ((0, 0), "▁▁"), ((1, 8), "▂█"), ((4, 4), "██"), ((0, 3, 6), "▁▅█")]
)
def test_bars__of_amounts__are_relative_to_the_highest(amounts: tuple[int, ...], row: str) -> None:
    assert bars(amounts) == row


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (75, "1m 15s"), (3_660, "1h 01m"), (90_000, "1d 01h")]
)
def test_age__of_a_span__is_in_two_units(seconds: int, text: str) -> None:
    assert age(seconds) == text


def test_by_hour__sums_a_day_and_leaves_out_what_is_older() -> None:
    now = 100 * 3_600.0
    sums = by_hour([(int(now) - 10, 5), (int(now) - 20, 7), (int(now) - 2 * 3_600, 1), (int(now) - 30 * 3_600, 9)], now)
    assert len(sums) == 24
    assert (sums[-1], sums[-3], sum(sums)) == (12, 1, 13)


def test_watch__of_a_home_that_is_down__is_one_document_and_not_well(
    tmp_path: Path, database_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(database_template, tmp_path / "aitbc.db")
    with pytest.raises(SystemExit) as end:
        command.main(["watch", "--json", "--home", str(tmp_path)])
    found = json.loads(capsys.readouterr().out)
    assert end.value.code == 1
    assert (found["is_well"], found["jobs"], found["processes"]) == (False, [], [])
    with pytest.raises(SystemExit) as end:
        command.main(["watch", "--home", str(tmp_path)])
    assert end.value.code == 2
    assert "--once" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion__of_each_shell__asks_aitbc_itself(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["completion", shell])
    assert not end.value.code
    assert "_AITBC_COMPLETE" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        command.main(["completion", "tcsh"])
    assert end.value.code == 2
