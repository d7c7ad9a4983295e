"""Votes that anybody may open and voters sign: kept in the history from question to outcome.

A proposal is named by the SHA2-256 of its terms, so opening the same one twice is opening it once; ballots are signed,
so who brings them does not matter and bringing them twice changes nothing. It is closed by whoever looks after its time
is over, or once everybody has voted; everybody who counts the kept ballots counts the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents_offchain.coordination.decision.ballot import Ballot, BallotBox
from agents_offchain.coordination.decision.delegation import Delegation, current_delegates, require_delegated
from agents_offchain.coordination.decision.electorate import Electorate
from agents_offchain.coordination.decision.history import OPEN, DecisionHistory, DecisionRecord
from agents_offchain.coordination.decision.poll import count_poll
from agents_offchain.coordination.decision.rules.counting import (
    Approval,
    majority,
    super_majority,
    unanimity,
    weighted,
)
from agents_offchain.coordination.decision.rules.median import Median
from agents_offchain.coordination.decision.rules.outcome import Outcome, Rule
from agents_offchain.coordination.decision.rules.ranked import Condorcet, InstantRunoff
from agents_offchain.coordination.errors import BallotInvalid, ProposalInvalid
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.eip712 import Domain
from agents_offchain.primitives.hexes import decode_address, decode_hex, encode_hex

SCHEMA = "aitbc.proposal/1"
RULES: Mapping[str, Callable[[Mapping[str, Any]], Rule]] = {
    "majority": lambda terms: majority(),
    "super-majority": lambda terms: super_majority(),
    "unanimity": lambda terms: unanimity(),
    "weighted": lambda terms: weighted(terms["quorum_bps"], terms["threshold_bps"]),
    "approval": lambda terms: Approval(),
    "instant-runoff": lambda terms: InstantRunoff(),
    "condorcet": lambda terms: Condorcet(InstantRunoff()),
    "median": lambda terms: Median(max(sum(terms["weights"].values()) - 1, 0) // 3),
}
MAX_VOTERS = 256
MAX_OPTIONS = 32
LONGEST_SECONDS = 30 * 86_400


@dataclass(frozen=True)
class Terms:
    """What is asked, of whom, and how it is counted; `closes_at` is unix seconds, weights are whole numbers."""

    question: str
    options: tuple[str, ...]
    rule: str
    weights: Mapping[bytes, int]
    closes_at: int
    quorum_bps: int = 0
    threshold_bps: int = 5_001
    delegations: tuple[Delegation, ...] = ()

    def document(self) -> dict[str, Any]:
        """The terms as JSON data; its canonical bytes name the proposal."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "options": sorted(self.options),
            "rule": self.rule,
            "weights": {encode_hex(voter): weight for voter, weight in self.weights.items()},
            "closes_at": self.closes_at,
            "quorum_bps": self.quorum_bps,
            "threshold_bps": self.threshold_bps,
            "delegations": [
                {
                    "topic": encode_hex(item.topic),
                    "giver": encode_hex(item.giver),
                    "to": encode_hex(item.to),
                    "sequence": item.sequence,
                    "signature": encode_hex(item.signature),
                }
                for item in self.delegations
            ],
        }

    def proposal(self) -> bytes:
        """32 bytes that name it."""
        return sha256(canonical_json(self.document()))


@dataclass(frozen=True)
class Standing:
    """A proposal as it stands; `outcome` is the last word once the record is closed, else a count so far."""

    record: DecisionRecord
    terms: Terms
    outcome: Outcome
    voted: int


class Proposals:
    """The proposals of one history.

    Args:
        domain: What ballots and delegations are signed for.
    """

    def __init__(self, history: DecisionHistory, domain: Domain, clock: Clock) -> None:
        self._history = history
        self._domain = domain
        self._clock = clock

    async def open(self, terms: Terms) -> bytes:
        """Open a vote, or find it open; its name.

        Raises:
            ProposalInvalid: nothing to choose from, no such rule, nobody may vote, or not at a time to come.
            BallotInvalid: a delegation that its giver did not sign.
        """
        self._require_valid(terms)
        for delegation in terms.delegations:
            require_delegated(delegation, self._domain)
        proposal = terms.proposal()
        if await self._history.get(proposal) is None:
            now = self._clock.now_seconds()
            if not now < terms.closes_at <= now + LONGEST_SECONDS:
                raise ProposalInvalid("A vote closes at a time to come, within 30 days.")
            await self._history.open(proposal, terms.document())
        return proposal

    async def cast(self, proposal: bytes, ballots: Sequence[Ballot]) -> None:
        """Take ballots in. Those on a closed vote are refused.

        Raises:
            ProposalInvalid: there is no such vote, or it is over.
            BallotInvalid: a ballot is not signed by its voter, or by none who may vote.
        """
        standing = await self.standing(proposal)
        if standing.record.status != OPEN:
            raise ProposalInvalid("The vote is over.")
        box = await self._box(proposal)
        for ballot in ballots:
            if ballot.voter not in standing.terms.weights:
                raise BallotInvalid("The voter is not in this electorate.")
            box = box.admit(ballot)
        await self._history.keep_box(box)

    async def standing(self, proposal: bytes) -> Standing:
        """How a vote stands; closes it when it is due.

        Raises:
            ProposalInvalid: there is no such vote.
        """
        record = await self._history.get(proposal)
        terms = None if record is None else terms_of(record.subject)
        if record is None or terms is None:
            raise ProposalInvalid("There is no such vote.")
        box = await self._box(proposal)
        outcome = self._count(terms, box)
        is_full = len(box.first) == len(terms.weights)
        if record.status == OPEN and (is_full or self._clock.now_seconds() >= terms.closes_at):
            await self._history.close(proposal, outcome)
            record = await self._history.get(proposal) or record
        return Standing(record, terms, outcome, len(box.first))

    def _count(self, terms: Terms, box: BallotBox) -> Outcome:
        rule = RULES[terms.rule](terms.document())
        delegates = current_delegates(terms.delegations)
        return count_poll(box, Electorate(terms.weights), frozenset(terms.options), rule, delegates)

    async def _box(self, proposal: bytes) -> BallotBox:
        box = BallotBox(proposal, self._domain)
        for ballot in await self._history.ballots(proposal):
            box = box.admit(ballot)
        return box

    def _require_valid(self, terms: Terms) -> None:
        if terms.rule not in RULES:
            raise ProposalInvalid(f"There is no rule {terms.rule!r}.", mend=f"Take one of {', '.join(RULES)}.")
        is_number = terms.rule == "median"
        options = set(terms.options)
        if is_number == bool(options) or len(options) != len(terms.options) or len(options) > MAX_OPTIONS:
            raise ProposalInvalid(f"A vote has 2 to {MAX_OPTIONS} different options; a median has none.")
        if not is_number and len(options) < 2:
            raise ProposalInvalid("A vote has at least two options.")
        if not 0 < len(terms.weights) <= MAX_VOTERS:
            raise ProposalInvalid(f"A vote has 1 to {MAX_VOTERS} voters.")
        Electorate(terms.weights)
        RULES[terms.rule](terms.document())


def terms_of(subject: Mapping[str, Any]) -> Terms | None:
    """The terms of a kept proposal; None when it is something else, such as an agreement."""
    if subject.get("schema") != SCHEMA:
        return None
    return Terms(
        question=subject["question"],
        options=tuple(subject["options"]),
        rule=subject["rule"],
        weights={decode_address(voter): weight for voter, weight in subject["weights"].items()},
        closes_at=subject["closes_at"],
        quorum_bps=subject["quorum_bps"],
        threshold_bps=subject["threshold_bps"],
        delegations=tuple(
            Delegation(
                decode_hex(item["topic"], 32),
                decode_address(item["giver"]),
                decode_address(item["to"]),
                item["sequence"],
                decode_hex(item["signature"], 65),
            )
            for item in subject["delegations"]
        ),
    )
