"""A council with real keys, and signed messages of its members."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from agents_offchain.coordination.decision.agreement.council import Council, Question, ledger_domain
from agents_offchain.coordination.decision.agreement.messages import (
    Commit,
    Kind,
    Prepare,
    Proposal,
    QuorumCertificate,
    Seal,
    Timeout,
    TimeoutCertificate,
    Vote,
    round_of,
    signing_digest,
    subject_of,
)
from tests.unit.messaging.key_ring import KeyRing

RING = KeyRing()
_BY_ADDRESS = {RING.address_of(name): name for name in ("ann", "bob", "cy", "dee", "eve")}
MEMBERS = tuple(sorted(address for address, name in _BY_ADDRESS.items() if name != "eve"))
NAMES = [_BY_ADDRESS[member] for member in MEMBERS]
STRANGER = RING.address_of("eve")
QUESTION = Question(Council(MEMBERS), b"\x00" * 32, ledger_domain(31337, b"\x09" * 20))
"""Member 0 leads round 0."""

V = TypeVar("V", Proposal, Prepare, Commit, Timeout, Seal)


def sign(vote: V, question: Question = QUESTION) -> V:
    digest = signing_digest(question, vote.kind, vote.round, subject_of(question, vote))
    signed: V = replace(vote, signature=RING.sign_digest(_BY_ADDRESS[vote.sender], digest))
    return signed


def quorum(
    value: bytes, round_number: int = 0, kind: Kind = Kind.PREPARE, places: tuple[int, ...] = (0, 1, 2)
) -> QuorumCertificate:
    """A true certificate of votes."""
    digest = signing_digest(QUESTION, kind, round_number, QUESTION.digest_of(value))
    signatures = tuple((place, RING.sign_digest(NAMES[place], digest)) for place in places)
    return QuorumCertificate(kind, round_number, value, signatures)


def timeouts(round_number: int, *highs: QuorumCertificate | None) -> TimeoutCertificate:
    """A true certificate of timeouts by members 1, 2, 3, with what each had seen."""
    votes: list[Vote] = [
        sign(Timeout(MEMBERS[place], round_number, high, None)) for place, high in enumerate(highs, start=1)
    ]
    signatures = tuple(
        (place, round_of(high), vote.signature) for place, (high, vote) in enumerate(zip(highs, votes, strict=True), 1)
    )
    return TimeoutCertificate(round_number, max(highs, key=round_of), signatures)
