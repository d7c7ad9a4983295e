"""Whole jobs of the house, from hire to the last unit of fee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ape
from ape import chain

from tests.contracts.ape.conftest import BUDGET, DELIVERABLE, WORK_SECONDS, Market, People

FEE = BUDGET * 500 // 10_000
POOL = FEE * 4_000 // 10_000
HOUSE = FEE - POOL


def balances(market: Market, people: People) -> dict[str, int]:
    """Every account that a job touches."""
    at = {
        "client": people.client,
        "provider": people.provider,
        "treasury": people.treasury,
        "oracle": market.oracle,
        "escrow": market.escrow,
    }
    return {name: int(market.token.balanceOf(account)) for name, account in at.items()}


def moved(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What changed; the sum is zero or money was made."""
    delta = {name: after[name] - before[name] for name in before}
    assert sum(delta.values()) == 0
    return {name: amount for name, amount in delta.items() if amount}


def test_hire__when_accepted__pays_provider_treasury_and_reporters(
    market: Market, people: People, hire: Callable[..., int]
) -> None:
    before = balances(market, people)
    job_id = hire(agent_id=7)
    height = chain.blocks.height
    (described,) = market.escrow.JobDescribed.range(height, height + 1)
    assert (described.jobId, described.agentId, described.listingId) == (job_id, 7, 1)
    assert moved(before, balances(market, people)) == {"client": -BUDGET, "escrow": BUDGET}
    market.escrow.submit(job_id, DELIVERABLE, b"", sender=people.provider)
    market.escrow.accept(job_id, sender=people.client)
    market.escrow.withdraw(market.token, sender=people.treasury)
    market.escrow.withdrawFor(market.token, market.oracle, sender=people.stranger)
    assert moved(before, balances(market, people)) == {
        "client": -BUDGET,
        "provider": BUDGET - FEE,
        "treasury": HOUSE,
        "oracle": POOL,
    }


def test_settle__given_a_passing_verdict__pays_after_the_review(
    market: Market, people: People, submitted: int, verdict_by: Callable[..., Any]
) -> None:
    verdict, signatures = verdict_by(submitted, 95, people.reporters[:2])
    posted = market.oracle.postVerdict(verdict, signatures, sender=people.stranger)
    event = posted.events.filter(market.oracle.VerdictPosted)[0]
    assert (event.jobId, event.score, event.epoch) == (submitted, 95, 1)
    assert bin(event.signerBitmap).count("1") == 2
    assert market.oracle.settleableAt(submitted) == posted.timestamp + 120
    market.oracle.settle([submitted], sender=people.stranger)
    assert market.escrow.jobOf(submitted).status == 2, "not before the review ends"
    chain.pending_timestamp = posted.timestamp + 120
    settled = market.oracle.settle([submitted], sender=people.stranger)
    assert settled.events.filter(market.oracle.JobSettled)[0].isPaid
    assert market.escrow.jobOf(submitted).status == 3


def test_settle__given_a_failing_verdict__refunds(
    market: Market, people: People, submitted: int, verdict_by: Callable[..., Any]
) -> None:
    before = balances(market, people)
    verdict, signatures = verdict_by(submitted, 59, people.reporters[1:])
    market.oracle.postVerdict(verdict, signatures, sender=people.stranger)
    chain.pending_timestamp += 121
    market.oracle.settle([submitted], sender=people.stranger)
    assert market.escrow.jobOf(submitted).status == 4
    assert moved(before, balances(market, people)) == {"client": BUDGET, "escrow": -BUDGET}


def test_settle__given_silence__a_stranger_pays_the_provider(market: Market, people: People, submitted: int) -> None:
    before = balances(market, people)
    chain.pending_timestamp += 600 + 120 + 1
    market.oracle.settle([submitted], sender=people.stranger)
    assert moved(before, balances(market, people)) == {"provider": BUDGET - FEE, "escrow": FEE - BUDGET}


def test_no_show__given_no_submission__a_stranger_refunds_the_client(
    market: Market, people: People, hire: Callable[..., int]
) -> None:
    job_id = hire()
    with ape.reverts(market.escrow.JobEscrow_TooEarly):
        market.escrow.noShow(job_id, sender=people.stranger)
    chain.pending_timestamp += WORK_SECONDS + 10
    before = balances(market, people)
    market.escrow.noShow(job_id, sender=people.stranger)
    assert moved(before, balances(market, people)) == {"client": BUDGET, "escrow": -BUDGET}


def test_listing__when_created__is_what_the_market_reads(market: Market, people: People) -> None:
    uri = "ipfs://bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    market.registry.register(uri, sender=people.provider)
    agent_id = market.registry.agentCount() - 1
    terms = (
        agent_id,
        b"inspect-image".ljust(32, b"\0"),
        BUDGET,
        market.document["policyId"],
        WORK_SECONDS,
        b"\0" * 32,
        uri,
    )
    market.listings.createListing(terms, sender=people.provider)
    listing_id = market.listings.listingCount()
    assert market.registry.tokenURI(agent_id) == uri
    info = market.listings.serviceInfo(listing_id)
    assert (info.agentId, info.description, info.price, info.available) == (agent_id, uri, BUDGET, True)
    agent = market.listings.agentInfo(agent_id)
    assert (agent.owner, agent.active) == (people.provider, True)
