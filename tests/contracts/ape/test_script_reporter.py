"""The script of the reporters: from the stake over a seat and its pay to the way out."""

from __future__ import annotations

import click
import pytest
from ape import chain

import scripts
from scripts import accept, reporter
from tests.contracts.ape.conftest import BUDGET, Market, People

DAY = 86_400
STAKE = 100_000_000


@pytest.fixture
def told(market: Market) -> scripts.Market:
    """The market in the scripts' own words."""
    return scripts.market(market.document)


def pass_seconds(seconds: int) -> None:
    chain.pending_timestamp += seconds
    chain.mine(1)


def test_reporter__when_it_stakes_sits_is_paid_and_leaves__gets_pay_and_stake(
    told: scripts.Market, people: People, submitted: int
) -> None:
    first = people.reporters[0]
    with pytest.raises(click.ClickException, match=r"the least is 100\.000000 tUSD"):
        reporter.stake(told, people.stranger, first.address, STAKE - 1)
    for seat in people.reporters:
        assert reporter.stake(told, people.stranger, seat.address, STAKE) == STAKE
    with pytest.raises(click.ClickException, match="comes first"):
        reporter.unstake(told, first)
    before, stake_of_quorum = reporter.cover(told)
    assert (before, stake_of_quorum) == (BUDGET, 2 * STAKE)

    accept.accept(told, people.client, submitted)
    assert reporter.cover(told)[0] == before - BUDGET
    waiting = told.escrow.creditOf(told.token, told.oracle)
    assert reporter.claim(told, people.stranger, first.address) == 0
    with pytest.raises(click.ClickException, match="Nothing is due"):
        reporter.claim(told, people.stranger, first.address)
    with pytest.raises(click.ClickException, match=r"Epoch 1 may end in \d+ s"):
        reporter.rotate(told, people.stranger)
    pass_seconds(DAY)
    assert reporter.rotate(told, people.stranger) == 2
    pass_seconds(7 * DAY)
    assert any("due      0.013333 tUSD" in line for line in reporter.status(told, first.address))
    assert reporter.claim(told, people.stranger, first.address) == waiting // 3

    reporter.leave(told, first)
    assert "not on it" in reporter.status(told, first.address)[1]
    reporter.rotate(told, people.stranger)
    with pytest.raises(click.ClickException, match="The stake stays until"):
        reporter.unstake(told, first)
    pass_seconds(100 * DAY + 1)
    before = told.token.balanceOf(first)
    assert reporter.unstake(told, first) == STAKE
    assert told.token.balanceOf(first) == before + STAKE


def test_reporter__given_a_word_that_is_no_address__says_so(people: People) -> None:
    with pytest.raises(click.ClickException, match="is no address"):
        reporter.chosen(people.stranger, "0x12")
    assert reporter.chosen(people.stranger, None) == people.stranger.address
