"""A voter's signed word on a proposal, and the box that collects such words.

The box does not care in which order ballots come in: who signed two different ones is an equivocator, both are kept
as evidence and neither counts, so that everybody who has seen the same ballots counts the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents_offchain.coordination.errors import BallotInvalid
from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import TypedDataSigner, recover_signer
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.eip712 import Domain, Field, typed_data_digest

Choice = tuple[str, ...]
"""What a voter wants: one option, the approved ones, a ranking from best to worst, or one number. () abstains."""

DOMAIN_NAME = "AITBC Ballot"
DOMAIN_VERSION = "1"
BALLOT_TYPE = "Ballot"
BALLOT_FIELDS: tuple[Field, ...] = (("proposal", "bytes32"), ("voter", "address"), ("choice", "bytes32"))


@dataclass(frozen=True)
class Ballot:
    """One voter's choice; `proposal` is 32 bytes, `voter` 20, `signature` 65 or none yet."""

    proposal: bytes
    voter: bytes
    choice: Choice
    signature: bytes = b""

    def values(self) -> tuple[Any, ...]:
        """What is signed; the choice as SHA2-256 of its canonical JSON."""
        return (self.proposal, self.voter, sha256(canonical_json(list(self.choice))))


def ballot_domain(chain_id: int, contract: bytes) -> Domain:
    """The EIP-712 domain of ballots about one deployment; `contract` is 20 bytes."""
    return Domain(DOMAIN_NAME, DOMAIN_VERSION, chain_id, contract)


async def sign_ballot(ballot: Ballot, domain: Domain, signer: TypedDataSigner, key: str) -> Ballot:
    """The ballot with its signature.

    Raises:
        BallotInvalid: `key` is not the voter's.
    """
    signature = await signer.sign_typed(key, domain, BALLOT_TYPE, BALLOT_FIELDS, ballot.values())
    signed = replace(ballot, signature=signature)
    require_signed(signed, domain)
    return signed


def require_signed(ballot: Ballot, domain: Domain) -> None:
    """Check that the voter signed.

    Raises:
        BallotInvalid: somebody else did, or nobody.
    """
    digest = typed_data_digest(domain, BALLOT_TYPE, BALLOT_FIELDS, ballot.values())
    try:
        signer = recover_signer(digest, ballot.signature)
    except EnvelopeInvalid as error:
        raise BallotInvalid(f"The ballot carries no signature: {error}") from error
    if signer != ballot.voter:
        raise BallotInvalid("The ballot is not signed by its voter.")


@dataclass(frozen=True)
class BallotBox:
    """The verified ballots on one proposal; `admit` gives a new box.

    Attributes:
        first: By voter.
        evidence: By voter, another ballot than the first; both signed.
    """

    proposal: bytes
    domain: Domain
    first: Mapping[bytes, Ballot] = field(default_factory=dict)
    evidence: Mapping[bytes, Ballot] = field(default_factory=dict)

    def admit(self, ballot: Ballot) -> BallotBox:
        """The box with this ballot; the same one again changes nothing.

        Raises:
            BallotInvalid: another proposal's, or not signed by its voter.
        """
        if ballot.proposal != self.proposal:
            raise BallotInvalid("The ballot is about another proposal.")
        require_signed(ballot, self.domain)
        held = self.first.get(ballot.voter)
        if held is None:
            return replace(self, first={**self.first, ballot.voter: ballot})
        if held.choice == ballot.choice or ballot.voter in self.evidence:
            return self
        return replace(self, evidence={**self.evidence, ballot.voter: ballot})

    def choices(self) -> dict[bytes, Choice]:
        """What counts: the choice of every voter that did not contradict itself."""
        return {voter: ballot.choice for voter, ballot in self.first.items() if voter not in self.evidence}
