"""What the ape scripts print about a job, and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import scripts
from scripts.inspect import event_lines, money_lines, state_lines
from tests.contracts.ape.conftest import Market, People


@pytest.fixture
def told(market: Market) -> scripts.Market:
    """The market in the scripts' own words."""
    return scripts.market(market.document)


def test_inspect__given_a_submitted_job__prints_state_money_and_events(
    told: scripts.Market, people: People, submitted: int, verdict_by: Callable[..., Any], market: Market
) -> None:
    verdict, signatures = verdict_by(submitted, 91, people.reporters[:2])
    market.oracle.postVerdict(verdict, signatures, sender=people.stranger)
    state = "\n".join(state_lines(told, submitted))
    assert f"job {submitted}: submitted" in state
    assert "2.000003 tUSD" in state
    assert "91 of 100" in state
    assert "settleable from" in state
    money = "\n".join(money_lines(told, submitted))
    assert "escrow holds     2.000003 tUSD" in money
    events = [line.split()[2].split("(")[0] for line in list(event_lines(told, submitted))[1:]]
    assert events == ["JobCreated", "BudgetSet", "JobFunded", "JobDescribed", "JobSubmitted", "VerdictPosted"]


def test_market__given_another_chain__is_refused(market: Market) -> None:
    with pytest.raises(click.ClickException, match="chain 5"):
        scripts.market({**market.document, "chainId": 5})


def test_market__of_an_older_generation__is_the_contracts_of_then(market: Market) -> None:
    newest = {**market.document, "contracts": {**market.document["contracts"], "JobEscrow": market.token.address}}
    moved = {**newest, "generation": 2, "older": [{**market.document, "generation": 1}]}
    escrows = [scripts.market(moved, number).escrow.address for number in (None, 2, 1)]
    assert escrows == [market.token.address, market.token.address, market.escrow.address]
    with pytest.raises(click.ClickException, match="no generation 3"):
        scripts.market(moved, 3)


def test_documents__given_no_running_market__say_how_to_start_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITBC_HOME", str(tmp_path))
    with pytest.raises(click.ClickException, match="make up"):
        scripts.read_document("deployment.json")
    (tmp_path / "deployment.json").write_text(json.dumps({"chainId": 1}))
    assert scripts.read_document("deployment.json") == {"chainId": 1}
