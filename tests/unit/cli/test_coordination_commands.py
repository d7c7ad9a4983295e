"""`aitbc api-key`, `aitbc decisions`, `aitbc agents`, `aitbc ask`: what they print, and what they refuse."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agents_offchain.cli.main import main
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.storage.database import Database

pytestmark = pytest.mark.unit
PROPOSAL = "0x" + "ab" * 32


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


@pytest.fixture
def home(database_file: Path) -> str:
    return str(database_file.parent)


def test_api_key__made_rotated_and_revoked__is_shown_once(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "api-key", "create", "monitor", "--scope", "messages:send", "--home", home, "--json")
    made = json.loads(out)
    assert code == 0
    assert made["key"].startswith(f"aitbc_{made['id']}_")
    code, out, _ = run(capsys, "api-key", "list", "--home", home)
    assert "monitor" in out
    assert made["key"].rpartition("_")[2] not in out
    code, out, _ = run(capsys, "api-key", "rotate", made["id"], "--home", home)
    assert "X-Api-Key" in out
    assert run(capsys, "api-key", "revoke", made["id"], "--home", home)[0] == 0
    code, _, err = run(capsys, "api-key", "revoke", made["id"], "--home", home)
    assert (code, "There is no API key" in err) == (2, True)
    code, _, err = run(capsys, "api-key", "create", "x", "--scope", "root", "--home", home)
    assert (code, "There is no scope 'root'" in err) == (2, True)


def test_decisions__listed_shown_and_exported__say_what_was_decided(
    home: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def decide() -> None:
        database = Database(f"sqlite+aiosqlite:///{home}/aitbc.db")
        history = DecisionHistory(database, "api")
        await history.open(bytes.fromhex(PROPOSAL[2:]), {"question": "which?"})
        outcome = Outcome(Status.DECIDED, frozenset({"this"}), {"this": 2}, "The most weight.")
        await history.close(bytes.fromhex(PROPOSAL[2:]), outcome)
        await database.close()

    asyncio.run(decide())
    assert PROPOSAL in run(capsys, "decisions", "list", "--home", home)[1]
    code, out, _ = run(capsys, "decisions", "show", PROPOSAL, "--home", home, "--json")
    assert (code, json.loads(out)["records"][0]["outcome"]["leaders"]) == (0, ["this"])
    file = tmp_path / "out.jsonl"
    code, out, _ = run(capsys, "decisions", "export", str(file), "--home", home, "--json")
    assert (code, len(json.loads(out)["root"])) == (0, 66)
    assert json.loads(file.read_text())["proposal"] == PROPOSAL
    assert run(capsys, "decisions", "export", str(file), "--home", home)[0] == 2
    assert run(capsys, "decisions", "show", "0x" + "00" * 32, "--home", home)[0] == 2


def test_ask__of_a_home_that_is_not_up_or_without_json__is_refused(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "ask", "counter", "count/1", "--home", home)
    assert (code, "not up" in err) == (3, True)
    code, _, err = run(capsys, "ask", "counter", "count/1", "{", "--home", home)
    assert (code, "not JSON" in err) == (2, True)
    assert run(capsys, "agents", "list", "--home", home)[0] == 3
