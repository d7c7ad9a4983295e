"""The demo's promise: one job hired, done, checked and paid, and every figure of it checked by somebody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.river.stack import run_aitbc

pytestmark = [pytest.mark.river, pytest.mark.timeout(240)]
TRANSACTIONS = ("hires", "hands over", "verdict is posted", "settled")


def test_demo__given_no_picture__pays_a_job_and_conserves_the_money(tmp_path: Path) -> None:
    answer = run_aitbc("demo", "--home", str(tmp_path / "home"), "--json")
    assert answer.returncode == 0, answer.stderr
    receipt = json.loads(answer.stdout)
    assert {"person", "cat", "cup"} <= {found["label"] for found in receipt["objects"]}
    assert "COFFEE 3.50 DOLLARS" in [line["text"] for line in receipt["text"]]
    assert receipt["verdict"]["score"] == 100
    assert sum(reporter["is_in_verdict"] for reporter in receipt["reporters"]) >= 2
    balances = receipt["balances"]
    change = {name: int(row["after"]["held"]) - int(row["before"]["held"]) for name, row in balances.items()}
    assert change["client"] == -int(receipt["budget"])
    assert change["agent"] == int(receipt["budget"]) - int(receipt["fee"])
    assert sum(change.values()) == 0
    assert receipt["is_conserved"]
    said = " ".join(line["what"] for line in receipt["transactions"])
    assert all(words in said for words in TRANSACTIONS)
    assert len({line["tx_hash"] for line in receipt["transactions"]}) == len(receipt["transactions"])
    assert Path(receipt["annotated_path"]).read_bytes().startswith(b"\xff\xd8\xff")
    assert run_aitbc("status", "--home", str(tmp_path / "home")).returncode == 3
