"""An operator's day: the market is up, is looked at, is disturbed, and comes back."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.river.stack import Stack, environment, living, run_aitbc, until

pytestmark = [pytest.mark.river, pytest.mark.timeout(240)]
PROCESSES = [
    "anvil",
    "signer",
    "valkey",
    "artifacts",
    "indexer",
    "api",
    "agent",
    "reporter-1",
    "reporter-2",
    "reporter-3",
    "publisher",
]


def test_status__given_a_running_market__shows_every_process_well(stack: Stack) -> None:
    until(lambda: stack.aitbc("status", "--json").returncode == 0)
    status = stack.status()
    assert status["state"] == "up"
    assert sorted(row["name"] for row in status["processes"]) == sorted(PROCESSES)
    assert all(row["is_well"] and row["pid"] and row["memory_mib"] for row in status["processes"])
    indexer = stack.process_status("indexer")
    assert indexer["block"] > 0
    assert indexer["heartbeat_age_seconds"] < 15


def test_page__given_a_running_market__serves_health_and_the_listing(stack: Stack) -> None:
    page = stack.endpoints["page"]
    assert httpx.get(f"{page}/api/v1/health", trust_env=False).json()["chain_id"] == 31337
    listings = until(lambda: httpx.get(f"{page}/api/v1/listings", trust_env=False).json()["items"])
    assert [listing["service_type"] for listing in listings] == ["inspect-image"]


def test_up__given_the_home_is_up__refuses_and_says_where_it_is(stack: Stack) -> None:
    second = stack.aitbc("up")
    assert second.returncode == 2
    assert str(stack.process.pid) in second.stderr
    assert stack.endpoints["page"] in second.stderr
    assert "Traceback" not in second.stderr


def test_agent__started_a_second_time_in_a_home__is_refused_and_names_the_first(stack: Stack) -> None:
    first = stack.process_status("agent")["pid"]
    variables = {
        "HOME": str(stack.home),
        "RPC_URL": stack.endpoints["rpc"],
        "ARTIFACTS_URL": stack.endpoints["artifacts"],
    }
    second = subprocess.run(
        [sys.executable, "-m", "agents_offchain.cli.serve", "agent"],
        env={**environment(), **{f"AITBC_{name}": value for name, value in variables.items()}},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 2
    assert f"The agent Inspector (key agent) is already run by process {first}." in second.stdout
    assert stack.process_status("agent")["pid"] == first


def test_up__given_a_taken_port__refuses_before_starting_anything(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        answer = run_aitbc("up", "--home", str(tmp_path / "home"), "--port", str(port), "--json")
    assert answer.returncode == 2
    assert json.loads(answer.stderr)["error"] == "PortTaken"
    assert not (tmp_path / "home" / "chain" / "state.json").exists()


def test_up__given_a_missing_model__says_what_prepares_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITBC_MODELS", str(tmp_path / "none"))
    answer = run_aitbc("up", "--home", str(tmp_path / "home"))
    assert answer.returncode == 4
    assert "prepare_models" in answer.stderr


def test_doctor__given_a_running_market__finds_nothing_wrong(stack: Stack) -> None:
    answer = stack.aitbc("doctor", "--json")
    findings = json.loads(answer.stdout)
    assert findings["is_well"], [row for row in findings["findings"] if row["level"] == "wrong"]
    assert answer.returncode == 0


def test_restart__when_a_daemon_is_killed__it_is_back_and_all_is_well(stack: Stack) -> None:
    pid = stack.kill("agent")
    until(lambda: stack.process_status("agent")["pid"] not in (pid, None))
    until(lambda: stack.aitbc("status", "--json").returncode == 0)
    assert stack.process_status("agent")["restarts"] >= 1
    log = stack.aitbc("logs", "agent", "-n", "200")
    assert log.returncode == 0


def test_home__when_killed_then_robbed_of_its_chain__leaves_nothing_keeps_the_chain_then_starts_afresh(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack()
    deployment = json.loads((stack.home / "deployment.json").read_text())
    family = stack.family()
    assert len(family) == len(PROCESSES) + 1
    stack.process.kill()
    until(lambda: not living(family))
    assert stack.aitbc("status").returncode == 3
    stack.start()
    assert json.loads((stack.home / "deployment.json").read_text()) == deployment
    assert not [event for event in stack.events if event["event"] == "notice" and "afresh" in event["text"]]
    down = stack.aitbc("down")
    assert down.returncode == 0
    assert stack.process.wait(30) == 0
    _starts_afresh_without_its_chain(stack)


def _starts_afresh_without_its_chain(stack: Stack) -> None:
    """The story's end: the chain's state is lost, so what was made from it is let go, with a word about it."""
    (stack.home / "chain" / "state.json").unlink()
    stack.start()
    assert [event for event in stack.events if event["event"] == "notice" and "afresh" in event["text"]]
    until(lambda: stack.aitbc("status", "--json").returncode == 0)
