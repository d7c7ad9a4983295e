"""The scripts of the desks: quotes and sealed bids from end to end, as eth-account and the console use them."""

from __future__ import annotations

import json
from pathlib import Path

import ape
import click
import pytest
from ape import chain

import scripts
from scripts import bid, quote, request
from tests.contracts.ape.conftest import Market, People

REQUEST = "ipfs://request"
PRICE = 2_500_000


@pytest.fixture
def told(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> scripts.Market:
    """The market in the scripts' own words, with a data folder of this test."""
    monkeypatch.setenv("AITBC_HOME", str(tmp_path))
    return scripts.market(market.document)


def test_quote__when_signed_by_eth_account__hires_once(told: scripts.Market, people: People) -> None:
    signed = quote.sign_quote(told, people.provider, price=PRICE, request=REQUEST, work_seconds=600, nonce=7)
    job_id = quote.take_quote(told, people.client, json.loads(json.dumps(signed)), REQUEST)
    job = told.escrow.jobOf(job_id)
    assert (job.client, job.provider, job.budget) == (people.client.address, people.provider.address, PRICE)
    with ape.reverts():
        quote.take_quote(told, people.client, signed, REQUEST)


def test_S1_quote_digest__when_a_term_is_other_than_signed__is_refused(told: scripts.Market, people: People) -> None:
    signed = quote.sign_quote(told, people.provider, price=PRICE, request=REQUEST, work_seconds=600, nonce=8)
    signed["quote"]["price"] = PRICE - 1
    with ape.reverts():
        quote.take_quote(told, people.client, signed, REQUEST)
    with pytest.raises(click.ClickException, match="no signed quote"):
        quote.take_quote(told, people.client, {"quote": {}}, REQUEST)


def test_bids__when_committed_and_revealed__the_lowest_is_hired(told: scripts.Market, people: People) -> None:
    number = request.open_request(
        told, people.client, request=REQUEST, service="inspect-image", max_price=2 * PRICE, bond=1_000
    )
    bid.commit_bid(told, people.provider, number, PRICE)
    bid.commit_bid(told, people.stranger, number, PRICE - 1)
    with pytest.raises(click.ClickException, match="another bid"):
        bid.commit_bid(told, people.stranger, number, PRICE)
    chain.pending_timestamp += request.WINDOW
    assert bid.reveal_bid(told, people.provider, number)
    assert bid.reveal_bid(told, people.stranger, number)
    chain.pending_timestamp += request.WINDOW
    job_id = request.award_request(told, people.client, number, REQUEST)
    assert told.escrow.jobOf(job_id).provider == people.stranger.address
    assert told.escrow.jobOf(job_id).budget == PRICE - 1


def test_bids__when_the_kept_bid_is_gone__say_so(told: scripts.Market, people: People) -> None:
    with pytest.raises(click.ClickException, match="commit a bid first"):
        bid.reveal_bid(told, people.provider, 99)
