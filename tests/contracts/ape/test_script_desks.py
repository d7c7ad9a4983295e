"""The scripts of the desks: quotes, sealed bids, milestones and prices from end to end, as the console uses them."""

from __future__ import annotations

import json
from pathlib import Path

import ape
import click
import pytest
from ape import chain

import scripts
from scripts import accept, bid, milestones, price, quote, register, request, submit
from scripts import list as listing
from tests.contracts.ape.conftest import DELIVERABLE, Market, People

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


def test_milestones__given_two_steps__the_second_is_hired_once_the_first_is_completed(
    told: scripts.Market, people: People
) -> None:
    steps = [milestones.parse_step(told, f"{amount},600,{REQUEST}") for amount in ("1.5", "2")]
    number = milestones.open_plan(told, people.client, provider=people.provider.address, steps=steps)
    first = told.escrow.jobCount()
    assert (told.escrow.jobOf(first).client, told.escrow.jobOf(first).budget) == (people.client.address, 1_500_000)
    with ape.reverts():
        milestones.advance_plan(told, people.client, number)
    submit.submit(told, people.provider, first, DELIVERABLE)
    accept.accept(told, people.client, first)
    second = milestones.advance_plan(told, people.client, number)
    assert (second, told.escrow.jobOf(second).budget) == (first + 1, 2_000_000)
    milestones.stop_plan(told, people.client, number)
    with ape.reverts():
        milestones.advance_plan(told, people.client, number)
    with pytest.raises(click.ClickException, match="There is no plan 999"):
        milestones.advance_plan(told, people.client, 999)
    with pytest.raises(click.ClickException, match="is no step"):
        milestones.parse_step(told, "1.5,600")


def test_price__when_set_to_a_model__is_kept_with_its_bounds(told: scripts.Market, people: People) -> None:
    agent_id = register.register(told, people.provider, "ipfs://agent")
    number = listing.create_listing(told, people.provider, agent_id, "inspect-image", PRICE)
    price.set_pricing(told, people.provider, number, "dynamic", floor=PRICE // 2, ceiling=2 * PRICE, bond=1_000)
    kept = told.listings.pricingOf(number)
    assert (kept.model, kept.floor, kept.ceiling, kept.bond) == (2, PRICE // 2, 2 * PRICE, 1_000)
    with ape.reverts():
        price.set_pricing(told, people.stranger, number, "fixed")
    with pytest.raises(click.ClickException, match="is no price model"):
        price.set_pricing(told, people.provider, number, "free")
