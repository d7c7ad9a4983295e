"""The market as tools see it: facts of one block, told in sentences that an answer can be held against.

The facts are handed in, read at one block; the tools are pure functions over them. Nothing that a stranger wrote
(notes, descriptions, agent cards) is among them, only numbers, states and names of services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agents_offchain.skills.catalog import DESCRIPTIONS
from agents_offchain.skills.llm.enquiry.tools import Tool, calculator

ORDERS = ("cheapest", "best", "quickest", "busiest")
MOST_LISTED = 8
_LOOKED_UP = frozenset({"find_listings", "listing_terms", "agent_record", "job_status", "market_counts", "search"})


@dataclass(frozen=True, slots=True)
class OfferFact:
    """An open listing; `price` in whole tokens, `reputation` 0 to 100 or None, `finished` jobs that count for it."""

    listing_id: int
    agent_id: int
    service: str
    price: Decimal
    work_seconds: int
    reputation: int | None
    finished: int

    def sentence(self) -> str:
        known = "unknown" if self.reputation is None else f"{self.reputation} of 100"
        return (
            f"Listing {self.listing_id} of agent {self.agent_id} offers {self.service} for {self.price:f} within "
            f"{self.work_seconds} seconds; reputation {known}; {self.finished} jobs finished by this listing."
        )


@dataclass(frozen=True, slots=True)
class JobFact:
    """A job; money in whole tokens. `is_own`: its agent's owner or wallet did it, so that it counts for the agent."""

    job_id: int
    status: str
    agent_id: int | None
    listing_id: int | None
    budget: Decimal
    paid: Decimal
    refunded: Decimal
    score: int | None
    is_own: bool

    def sentence(self) -> str:
        who = f" by agent {self.agent_id}" if self.agent_id is not None else ""
        score = f"; verdict {self.score} of 100" if self.score is not None else ""
        return (
            f"Job {self.job_id}{who} is {self.status}; {self.budget:f} were locked, {self.paid:f} paid to the agent, "
            f"{self.refunded:f} refunded{score}."
        )


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What was read, all of it at one block; `jobs` are the market's newest."""

    chain_id: int
    block_number: int
    block_time: int
    offers: tuple[OfferFact, ...]
    jobs: Mapping[int, JobFact]

    def services(self) -> dict[str, str]:
        return describe_services(self.offers)


def describe_services(offers: Sequence[OfferFact]) -> dict[str, str]:
    """Services on offer with what they do."""
    return {offer.service: DESCRIPTIONS.get(offer.service, offer.service) for offer in offers}


def market_tools(
    facts: MarketFacts, confirm: Callable[[int], str] | None, search: Callable[[str], str] | None
) -> dict[str, Tool]:
    """The buyer's tools over these facts.

    Args:
        confirm: Reads one listing from the chain at the same block; None when no node can be asked.
        search: Passages of the user's own documents; None when there are none.
    """
    orders = ", ".join(ORDERS)
    tools = [
        Tool(
            "find_listings",
            f"open offers of one service ({', '.join(sorted(facts.services()))}) in an order ({orders})",
            _schema(
                required=("service", "order"),
                service={"enum": sorted(facts.services())},
                order={"enum": list(ORDERS)},
                most_price={"type": "number", "minimum": 0},
            ),
            lambda given: find_listings(facts, given),
        ),
        Tool(
            "listing_terms",
            "what one open listing offers",
            _schema(required=("listing_id",), listing_id={"type": "integer", "minimum": 0}),
            lambda given: listing_terms(facts, int(given["listing_id"])),
        ),
        Tool(
            "agent_record",
            "how many jobs an agent finished, lost, has under way, and what it earned",
            _schema(required=("agent_id",), agent_id={"type": "integer", "minimum": 0}),
            lambda given: agent_record(facts, int(given["agent_id"])),
        ),
        Tool(
            "job_status",
            "how a job stands",
            _schema(required=("job_id",), job_id={"type": "integer", "minimum": 0}),
            lambda given: job_status(facts, int(given["job_id"])),
        ),
        Tool("market_counts", "how many offers, agents and jobs there are", _schema(), lambda _: market_counts(facts)),
        calculator(after=_LOOKED_UP),
    ]
    if confirm is not None:
        tools.append(
            Tool(
                "confirm_listing",
                "what the chain itself says of a listing",
                _schema(required=("listing_id",), listing_id={"type": "integer", "minimum": 0}),
                lambda given: confirm(int(given["listing_id"])),
                after=frozenset({"find_listings", "listing_terms"}),
            )
        )
    if search is not None:
        tools.append(
            Tool(
                "search",
                "passages of your own documents",
                _schema(required=("query",), query={"type": "string", "minLength": 1, "maxLength": 500}),
                lambda given: search(str(given["query"])),
            )
        )
    return {tool.name: tool for tool in tools}


def sorted_offers(offers: Sequence[OfferFact], service: str, order: str, most_price: Decimal | None) -> list[OfferFact]:
    """Open offers of a service that cost at most so much; ties go to the cheaper, then to the older listing."""
    keys: Mapping[str, Callable[[OfferFact], Any]] = {
        "cheapest": lambda one: one.price,
        "best": lambda one: -(one.reputation if one.reputation is not None else -1),
        "quickest": lambda one: one.work_seconds,
        "busiest": lambda one: -one.finished,
    }
    fitting = [one for one in offers if one.service == service and (most_price is None or one.price <= most_price)]
    return sorted(fitting, key=lambda one: (keys[order](one), one.price, one.listing_id))


def find_listings(facts: MarketFacts, given: Mapping[str, Any]) -> str:
    service, order = str(given["service"]), str(given["order"])
    most = Decimal(str(given["most_price"])) if "most_price" in given else None
    found = sorted_offers(facts.offers, service, order, most)
    bound = f" for at most {most:f}" if most is not None else ""
    head = f"{len(found)} open offers of {service} ({DESCRIPTIONS.get(service, service)}){bound}, {order} first."
    return "\n".join([head, *(offer.sentence() for offer in found[:MOST_LISTED])])


def listing_terms(facts: MarketFacts, listing_id: int) -> str:
    found = next((offer for offer in facts.offers if offer.listing_id == listing_id), None)
    return found.sentence() if found is not None else f"Listing {listing_id} is not open."


def agent_record(facts: MarketFacts, agent_id: int) -> str:
    own = [job for job in facts.jobs.values() if job.agent_id == agent_id and job.is_own]
    if not own and all(offer.agent_id != agent_id for offer in facts.offers):
        return f"Agent {agent_id} has no open offer and no job."
    counts = {state: sum(job.status == state for job in own) for state in ("completed", "rejected", "expired")}
    under_way = len(own) - sum(counts.values())
    earned = sum((job.paid for job in own), Decimal(0))
    return (
        f"Agent {agent_id} finished {counts['completed']} jobs; {counts['rejected']} were rejected and refunded, "
        f"{counts['expired']} expired, {under_way} are under way; it earned {earned:f}."
    )


def job_status(facts: MarketFacts, job_id: int) -> str:
    job = facts.jobs.get(job_id)
    return job.sentence() if job is not None else f"Job {job_id} is not among the jobs that were read."


def market_counts(facts: MarketFacts) -> str:
    agents = len({offer.agent_id for offer in facts.offers})
    finished = sum(job.status == "completed" for job in facts.jobs.values())
    services = ", ".join(sorted(facts.services())) or "none"
    return (
        f"{len(facts.offers)} open offers by {agents} agents; services: {services}.\n"
        f"{len(facts.jobs)} jobs were read, {finished} of them finished."
    )


def _schema(*, required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "additionalProperties": False, "properties": properties}
