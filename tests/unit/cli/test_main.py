"""Options, exit codes and the one sentence of an error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from agents_offchain.cli import main as command
from agents_offchain.cli.sections import REST, SECTIONS

pytestmark = pytest.mark.unit


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        command.main(list(words))
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", ["up", "down", "status", "logs", "doctor", "demo"])
def test_help__given_each_command__shows_an_example_and_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == 0
    said = capsys.readouterr().out
    assert "--json" in said
    assert f"aitbc {name}" in said


def test_help__given_no_command__shows_each_command_once_under_its_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out.split("Options:")[1]
    positions = [text.index(f"{title}:") for title in (*SECTIONS, REST)]
    assert positions == sorted(positions)
    names = [name for name, command in get_command(command.app).commands.items() if not command.hidden]  # type: ignore[attr-defined]
    assert [len(re.findall(rf"^  {name} ", text, re.MULTILINE)) for name in names] == [1] * len(names)
    assert "\n  hire " in text[positions[1] : positions[2]]


def test_help__given_no_command__documents_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "3 not running" in " ".join(capsys.readouterr().out.split())


def test_version__shows_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("aitbc ")


def test_status__given_a_home_that_is_not_up__exits_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", "--home", str(tmp_path), "--json") == 3
    assert json.loads(capsys.readouterr().out)["state"] == "down"


@pytest.mark.parametrize("home", ["a-file", "a-file/below"])
def test_up__given_a_home_that_cannot_be_a_folder__is_refused_in_one_sentence(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a-file").write_text("")
    assert run("up", "--home", str(tmp_path / home)) == 2
    said = capsys.readouterr().err
    assert "a-file" in said
    assert "Traceback" not in said
    assert "unexpected" not in said


def test_down__given_a_home_that_is_not_up__exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("down", "--home", str(tmp_path)) == 0
    assert "Nothing was running" in capsys.readouterr().out


def test_logs__given_an_unknown_process__refuses_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "agent.log").write_text("")
    assert run("logs", "nobody", "--home", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert "nobody" in said
    assert "-> Known: agent." in said
    assert "Traceback" not in said


def test_demo__given_no_such_image__refuses_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert run("demo", "--image", str(tmp_path / "no.jpg"), "--home", str(home), "--json") == 2
    assert json.loads(capsys.readouterr().err)["error"] == "MaterialMissing"
    assert not home.exists()


def test_up__given_an_unknown_option__exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("up", "--sideways") == 2
    assert "--sideways" in capsys.readouterr().err


def test_up__given_something_unexpected__hides_the_traceback_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("agents_offchain.cli.up.run_up", fail)
    assert run("up", "--home", str(tmp_path)) == 1
    assert "--debug" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        command.main(["up", "--home", str(tmp_path), "--debug"])
