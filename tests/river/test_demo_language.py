"""The language demo's promise: a PDF goes in, an answer with citations comes out, is checked and paid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents_offchain.skills.knowledge.source import read_source
from tests.river.stack import run_aitbc

pytestmark = [pytest.mark.river, pytest.mark.timeout(240)]
GUIDE = Path(__file__).resolve().parents[2] / "examples" / "documents" / "escrow-guide.pdf"


def test_demo_language__given_the_example__pays_for_an_answer_that_quotes_it(tmp_path: Path) -> None:
    asked = ("--question", "How large is the fee?")
    answer = run_aitbc("demo", "--language", *asked, "--home", str(tmp_path / "home"), "--json")
    assert answer.returncode == 0, answer.stderr
    receipt = json.loads(answer.stdout)
    assert receipt["is_answered"]
    text = read_source(GUIDE.read_bytes()).text
    for statement in receipt["statements"]:
        for cited in statement["citations"]:
            assert text[cited["start"] : cited["end"]] == cited["quote"]
    assert "5 %" in receipt["answer"]
    assert receipt["verdict"]["score"] == 100
    assert {"spans", "support", "near"} <= {check["name"] for check in receipt["verdict"]["checks"]}
    assert sum(reporter["is_in_verdict"] for reporter in receipt["reporters"]) >= 2
    assert receipt["is_conserved"]
