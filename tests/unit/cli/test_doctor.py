from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.cli import doctor, status
from agents_offchain.cli.console import Console
from agents_offchain.cli.development import ensure_development_keys
from agents_offchain.cli.generations import read_generations
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.cli.status import HomeStatus
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.state_file import SupervisorState
from tests.fakes.deployment import DOCUMENT

pytestmark = pytest.mark.unit
LEFT = "no open job, its daemons' watch has ended"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, models=tmp_path / "models", database_url="", rpc_url="", redis_url="")


def test_check_models__given_none__names_what_prepares_them(settings: Settings) -> None:
    finding = doctor.check_models(settings)
    assert finding.level == doctor.WRONG
    assert "prepare_models" in finding.mend


def test_check_home__given_a_key_others_can_read__says_which_and_how_to_close_it(settings: Settings) -> None:
    ensure_development_keys(key_folder(settings), passphrase_file(settings))
    assert doctor.check_home(settings).level == doctor.FINE
    (key_folder(settings) / "agent.json").chmod(0o644)
    finding = doctor.check_home(settings)
    assert finding.level == doctor.WRONG
    assert finding.mend.startswith("chmod 600")


def test_check_home__given_no_passphrase__says_so(settings: Settings) -> None:
    ensure_development_keys(key_folder(settings), passphrase_file(settings))
    passphrase_file(settings).unlink()
    assert doctor.check_home(settings).level == doctor.WRONG


def test_check_database__given_a_file_that_is_none__says_how_to_get_a_new_one(settings: Settings) -> None:
    (settings.home / "aitbc.db").write_bytes(b"not a database at all" * 100)
    finding = doctor.check_database(settings)
    assert finding.level == doctor.WRONG
    assert finding.mend


def test_check_database__given_a_migrated_one__is_fine(settings: Settings, database_template: Path) -> None:
    shutil.copy(database_template, settings.home / "aitbc.db")
    assert doctor.check_database(settings).level == doctor.FINE


def test_check_generations__of_a_market_that_moved__says_what_is_left_in_each(
    settings: Settings, database_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contracts = DOCUMENT["contracts"] | {"PaymentChannels": "0x" + "c2" * 20}
    document: dict[str, Any] = DOCUMENT | {"contracts": contracts}
    gone = {"JobEscrow": "0x" + "a1" * 20, "PaymentChannels": "0x" + "c1" * 20}
    older = document | {"generation": 1, "contracts": contracts | gone}
    settings.deployment_file.write_text(json.dumps(document | {"generation": 2, "older": [older]}))
    assert "generation 1  not indexed here" in doctor.check_generations(settings).found
    shutil.copy(database_template, settings.home / "aitbc.db")
    with sqlite3.connect(settings.home / "aitbc.db") as database:
        database.execute("insert into chain_heads values (31337, 9, 1000)")
    newest = "generation 2  0 open jobs, takes new jobs"
    assert doctor.check_generations(settings).found == f"{newest}; generation 1  empty: {LEFT}"
    with sqlite3.connect(settings.home / "aitbc.db") as database:
        names = "generation, job_id, client, provider, evaluator, budget, status, description"
        rest = "paid, refunded, fee_treasury, fee_reporters, expired_at, created_at, created_tx"
        for number, word in (("1", "submitted"), ("2", "completed")):
            values = f"1, '{number}', x'', x'', x'', '1', '{word}', '', '0', '0', '0', '0', 2000, 0, x''"
            database.execute(f"insert into jobs ({names}, {rest}) values ({values})")
    assert doctor.check_generations(settings).found == f"{newest}; generation 1  1 open job"
    with sqlite3.connect(settings.home / "aitbc.db") as database:
        database.execute("update jobs set status = 'completed'")
        names = "book, payer, nonce, payee, token, amount, valid_before, purpose, signature, status, tries, not_before"
        for contract, amount in (("c1", "2500000"), ("c2", "500000")):
            values = f"'31337:0x{contract * 20}', x'', '1', x'', x'', '{amount}', 0, x'', x'', 'held', 0, 0, 0, 0"
            database.execute(f"insert into payment_orders ({names}, received_at, updated_at) values ({values})")
    newest = "generation 2  0 open jobs, 0.5 promised off chain, takes new jobs"
    promised = f"{newest}; generation 1  0 open jobs, 2.5 promised off chain"
    assert doctor.check_generations(settings).found == promised
    found = HomeStatus(SupervisorState(1, 0.0), None, [], asyncio.run(read_generations(settings)))
    status._say(settings, found, Console(False))
    assert f"market {newest}\nmarket generation 1  0 open jobs, 2.5 promised off chain\n" in capsys.readouterr().out


def test_check_disk__given_a_full_one__says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("usage", (), {"free": 5 << 20})()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    finding = doctor.check_disk(settings)
    assert finding.level == doctor.WRONG
    assert "Free at least" in finding.mend


def test_check_node__when_it_is_absent__is_a_hint_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert doctor.check_node(settings).level == doctor.HINT


def test_check_chain_tool__when_it_is_absent__names_the_set_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("AITBC_ANVIL", raising=False)
    monkeypatch.setattr(doctor, "installation_root", lambda: tmp_path)
    finding = doctor.check_chain_tool(settings)
    assert finding.level == doctor.WRONG
    assert "make setup" in finding.mend


def test_check_models__given_a_detector_that_is_not_there__says_so(settings: Settings, tmp_path: Path) -> None:
    prepared = Settings(home=settings.home, detector=tmp_path / "own.toml")
    finding = doctor.check_models(prepared)
    assert finding.level == doctor.WRONG
    assert "AITBC_DETECTOR" in finding.mend
