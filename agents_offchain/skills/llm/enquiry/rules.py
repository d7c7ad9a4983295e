"""Questions about the market that rules can plan: which tool next, by words, numbers and nearness to services.

It is what answers when no language model is good enough to plan. How it understood a question shows in its look-ups; on
one that it has no rule for it gives up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.llm.enquiry.loop import Proposal, Step
from agents_offchain.skills.llm.enquiry.market import MarketFacts, sorted_offers
from agents_offchain.skills.llm.enquiry.tools import Toolbox
from agents_offchain.skills.llm.job_draft import LEAST_NEARNESS, rank_services, read_budget

_NUMBERED = re.compile(
    r"\b(?P<what>job|agent|listing)\s+(?:no\.?\s*|number\s*|#)?(?P<number>\d{1,18})\b", re.IGNORECASE
)
_RECORD = re.compile(
    r"\b(?:how many|number of) jobs\b|\bfinish(?:ed|es)?\b|\brefund(?:ed|s)?\b"
    r"|\bearn(?:ed|s|ings)?\b|\brecord\b|\bunder way\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"\b(?:how many|number of|what|which)\b.{0,30}\b(?:offers?|listings?|agents?|services?|jobs?)\b.{0,40}"
    r"\b(?:there|market|on offer|open|exist|altogether|in all|for sale)\b",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?P<count>\d{1,6}|two|three|four|five|ten|twelve|twenty|hundred)\s+(?:\w+\s+)?(?:photo|picture|document|page|report|invoice|letter|job|time|"
    r"text|file|summary|summarie)\w*",
    re.IGNORECASE,
)
_BEYOND = re.compile(
    r"\bthan (?:agent|job|listing|the|any)\b|\bcompar\w*|\bdifference\b|\baverage\b"
    r"|\bmost (?:expensive|refund\w*)\b|\bdearest\b"
    r"|\bworst\b|\bslowest\b|\bleast reliable\b|\bwhy\b|\b(?:next|last) (?:week|month|year)\b|\bsince\b",
    re.IGNORECASE,
)
"""Comparisons, other orders, reasons and times: a rule would answer another question than was asked."""
_COSTS = re.compile(r"\b(?:cost|costs|pay|price|total|how much|altogether)\b", re.IGNORECASE)
_DOCUMENTS = re.compile(
    r"\b(?:my|our) (?:own )?(?:documents?|shelf|knowledge|files|handbook|terms|contract)\b", re.IGNORECASE
)
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "twelve": 12, "twenty": 20, "hundred": 100}
_ORDERS = {
    "best": re.compile(r"\b(best|reliabl[ey]|reputation|rated|trusted|trustworth(y|iest)|(i|we) trust)\b"),
    "quickest": re.compile(r"\b(fast(er|est)?|quick(er|est|ly)?|soon(er|est))\b"),
    "busiest": re.compile(r"\b(busiest|experienced|most jobs|most often|finished most)\b"),
    "cheapest": re.compile(r"\b(cheap(er|est|ly)?|least|lowest)\b"),
}
"""What names an order, strongest first; a price that is asked for beside another order does not decide."""
UNDERSTOOD = (
    "By rules these are understood: the cheapest, best, quickest or busiest offer of a service, with a highest price; "
    "the record of an agent (agent 3); how a job stands (job 5); a listing (listing 2); what N of them cost; how many "
    "offers there are; what your own documents say ('in my documents'). A larger model plans other questions: set "
    "AITBC_LANGUAGE_MODEL."
)


class RulePlanner:
    """Plans by rules; the plan of a question is fixed before the first step."""

    name = "rules"

    def __init__(self, facts: MarketFacts, embedder: Embedder) -> None:
        self._facts, self._embedder = facts, embedder

    def propose(self, question: str, toolbox: Toolbox, steps: Sequence[Step], left: int) -> Proposal | None:
        given = toolbox.given()
        done = [(step.name, step.arguments) for step in steps]
        for name, arguments in self.plan(question):
            if name in given and (name, arguments) not in done:
                return Proposal(name, arguments)
        answer = self._answer(question, [step for step in steps if step.kind == "tool"])
        return Proposal(answer=answer) if answer and not any(step.name == "answer" for step in steps) else None

    def plan(self, question: str) -> list[tuple[str, dict[str, Any]]]:
        """Every look-up that a question needs, in order; empty when no rule fits."""
        if _BEYOND.search(question):
            return []
        named = {match["what"].lower(): int(match["number"]) for match in _NUMBERED.finditer(question)}
        if "job" in named:
            return [("job_status", {"job_id": named["job"]})]
        if "agent" in named:
            return [("agent_record", {"agent_id": named["agent"]})]
        if "listing" in named:
            return [
                ("listing_terms", {"listing_id": named["listing"]}),
                ("confirm_listing", {"listing_id": named["listing"]}),
            ]
        if _DOCUMENTS.search(question):
            return [("search", {"query": question})]
        service = self._service(question)
        if _COUNTS.search(question) and not (service and read_order(question)):
            return [("market_counts", {})]
        return self._of_service(question, service) if service else []

    def _service(self, question: str) -> str | None:
        services = self._facts.services()
        if not services:
            return None
        name, nearness = rank_services(question, services, self._embedder)[0]
        return name if nearness >= LEAST_NEARNESS else None

    def _of_service(self, question: str, service: str) -> list[tuple[str, dict[str, Any]]]:
        most, order = read_budget(question), read_order(question) or "cheapest"
        asked: dict[str, Any] = {"service": service, "order": order}
        plan: list[tuple[str, dict[str, Any]]] = [
            ("find_listings", asked | ({} if most is None else {"most_price": float(most)}))
        ]
        found = sorted_offers(self._facts.offers, service, order, most)
        if not found:
            return plan
        if _RECORD.search(question):
            plan.append(("agent_record", {"agent_id": found[0].agent_id}))
        count = _count(question)
        if count is not None:
            plan.append(("calculate", {"expression": f"{count} * {found[0].price:f}"}))
        return [*plan, ("confirm_listing", {"listing_id": found[0].listing_id})]

    def _answer(self, question: str, looked_up: Sequence[Step]) -> str:
        """What was looked up, in its own words: of a list its head and first line, of the rest the first line."""
        said: list[str] = []
        for step in looked_up:
            lines = step.detail.splitlines()
            if step.name == "confirm_listing" or not lines:
                continue
            said += lines[:2] if step.name in ("find_listings", "market_counts") else lines[:1]
        return " ".join(said)


def read_order(question: str) -> str | None:
    """The order of offers that a question asks for, one of `market.ORDERS`; None when it names none."""
    said = question.casefold()
    return next((order for order, words in _ORDERS.items() if words.search(said)), None)


def _count(question: str) -> int | None:
    """How many are wanted, when the price of several is asked."""
    found = _TIMES.search(question)
    if found is None or not _COSTS.search(question):
        return None
    return _WORDS.get(found["count"].lower()) or int(Decimal(found["count"]))
