"""The scripts of rows and of exits: coin and bond rows open, and many jobs end in one call."""

from __future__ import annotations

from collections.abc import Callable

import ape
import click
import pytest
from ape import chain

import scripts
from scripts import end, rows
from tests.contracts.ape.conftest import WORK_SECONDS, Market, People


@pytest.fixture
def told(market: Market) -> scripts.Market:
    """The market in the scripts' own words."""
    return scripts.market(market.document)


def test_rows__when_the_owner_allows_coin_and_bond__are_registered_with_them(
    told: scripts.Market, people: People
) -> None:
    coin, bond = told.other("WrappedCoin").address, told.other("WorkDesk").address
    with ape.reverts():
        rows.allow_token(told, people.stranger, coin)
    rows.allow_token(told, people.owner, coin)
    rows.allow_hook(told, people.owner, bond)
    number = rows.register(told, people.owner, token=coin)
    assert told.escrow.policyOf(number).token == coin
    number = rows.register(told, people.owner, hook=bond, court_seconds=86_400)
    assert (told.escrow.policyOf(number).hook, told.escrow.policyOf(number).courtSeconds) == (bond, 86_400)
    with pytest.raises(click.ClickException, match="is no address"):
        rows.allow_hook(told, people.owner, "WorkDesk")


def test_end__given_a_missed_job_and_one_that_runs__ends_what_is_due(
    told: scripts.Market, people: People, hire: Callable[..., int]
) -> None:
    missed, running = hire(), hire(work_seconds=100 * WORK_SECONDS)
    chain.pending_timestamp += WORK_SECONDS + 60
    assert end.end_jobs(told, people.stranger, (missed, running)) == [missed]
    assert (told.escrow.jobOf(missed).status, told.escrow.jobOf(running).status) == (4, 1)
    with pytest.raises(click.ClickException, match="There is no job 999"):
        end.end_jobs(told, people.stranger, (999,))
