"""Contract net: a task is announced, agents bid, the best bid is awarded, the next one when it fails.

    announce (`bid/1` to a capability) ─► bids ─► rank ─► award ─► result

Source: R. G. Smith, "The Contract Net Protocol", IEEE Transactions on Computers C-29(12), 1980. Simplified: the
award is the task itself, so no separate acceptance is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.coordination.errors import NobodyBids
from agents_offchain.messaging.errors import AskFailed, AskTimedOut, InboxFull, NoRoute
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.gathering import EVERYBODY
from agents_offchain.messaging.routing.cards import ReputationOf, unknown_reputation

BID_TYPE = "bid/1"


class Call(BaseModel):
    """What is announced; `max_price` in the smallest unit, `deadline_seconds` for the work."""

    model_config = ConfigDict(extra="forbid")
    task: str = Field(min_length=1, max_length=160)
    kind: str = Field(min_length=3, max_length=80)
    max_price: int = Field(ge=0)
    deadline_seconds: float = Field(gt=0)
    summary: str = Field(default="", max_length=2_000)


class Bid(BaseModel):
    """What an agent offers; none at all is said by answering null."""

    model_config = ConfigDict(extra="forbid")
    price: int = Field(ge=0)
    seconds: float = Field(ge=0)
    confidence: float = Field(default=1.0, ge=0, le=1)


@dataclass(frozen=True)
class Offer:
    """A bid and who made it."""

    agent: str
    bid: Bid


@dataclass(frozen=True)
class Award:
    """Who got the task, what it said, and who was passed over because it failed."""

    offer: Offer
    value: Any
    failed: tuple[str, ...]


def cheapest(offer: Offer, reputation: float) -> tuple[float, ...]:
    """Price, then time; lower is better."""
    return (offer.bid.price, offer.bid.seconds)


def best_value(offer: Offer, reputation: float) -> tuple[float, ...]:
    """Price over how likely the work is good: confidence weighed by reputation."""
    return (offer.bid.price / max(offer.bid.confidence * reputation, 1e-3), offer.bid.seconds)


Ranking = Callable[[Offer, float], tuple[float, ...]]


async def collect_bids(manager: Agent, capability: str, call: Call, *, bid_seconds: float = 2.0) -> list[Offer]:
    """The valid bids that come in time and keep to the call."""
    gathered = await manager.gather(
        f"capability:{capability}", BID_TYPE, call.model_dump(), until=EVERYBODY, deadline_seconds=bid_seconds
    )
    offers: list[Offer] = []
    for answer in gathered.answers:
        try:
            bid = Bid.model_validate(answer.body)
        except ValidationError:
            continue
        if bid.price <= call.max_price and bid.seconds <= call.deadline_seconds:
            offers.append(Offer(answer.sender, bid))
    return offers


def rank(
    offers: Sequence[Offer], ranking: Ranking = best_value, reputation_of: ReputationOf = unknown_reputation
) -> list[Offer]:
    """The best first; equals by name, so that everybody ranks the same."""
    return sorted(offers, key=lambda offer: (*ranking(offer, reputation_of(offer.agent)), offer.agent))


async def contract(
    manager: Agent,
    capability: str,
    call: Call,
    body: Any,
    *,
    bid_seconds: float = 2.0,
    ranking: Ranking = best_value,
    reputation_of: ReputationOf = unknown_reputation,
) -> Award:
    """Announce, choose, award; the next best when a winner fails.

    Raises:
        NobodyBids: no valid bid, or everybody who bid failed.
    """
    offers = rank(await collect_bids(manager, capability, call, bid_seconds=bid_seconds), ranking, reputation_of)
    failed: list[str] = []
    for offer in offers:
        try:
            value = await manager.ask(
                offer.agent,
                call.kind,
                {"task": call.task, "input": body, "budget": offer.bid.price},
                deadline_seconds=call.deadline_seconds,
            )
        except (AskFailed, AskTimedOut, NoRoute, InboxFull):
            failed.append(offer.agent)
            continue
        return Award(offer, value, tuple(failed))
    raise NobodyBids(f"Of {len(offers)} bids for {call.task} none led to a result.", mend="Offer more, or wait.")
