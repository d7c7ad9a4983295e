"""Liquid delegation: who does not vote is represented by whom it named, and so on.

A direct vote always wins over one's delegation, and a newer word over an older one, so a delegation is taken back by
naming somebody else, or oneself. Circles, chains longer than the limit and chains that end at somebody who does not
vote give nothing to anybody: that weight stays idle, as `DecisionLedger` leaves it where it is.

Source: B. Ford, "Delegative Democracy" (2002); depth and circles as in contracts/libraries/RollBuilder.sol.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents_offchain.coordination.decision.electorate import Electorate
from agents_offchain.coordination.errors import BallotInvalid
from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import TypedDataSigner, recover_signer
from agents_offchain.primitives.eip712 import Domain, Field, typed_data_digest

MAX_DEPTH = 8
"""Delegations that are followed, as on chain."""
DELEGATION_TYPE = "Delegation"
DELEGATION_FIELDS: tuple[Field, ...] = (
    ("topic", "bytes32"),
    ("from", "address"),
    ("to", "address"),
    ("sequence", "uint64"),
)


@dataclass(frozen=True)
class Delegation:
    """`giver` lets `to` speak for it on a topic; `to` equal to `giver` takes it back. The highest sequence holds."""

    topic: bytes
    giver: bytes
    to: bytes
    sequence: int
    signature: bytes = b""

    def values(self) -> tuple[Any, ...]:
        return (self.topic, self.giver, self.to, self.sequence)


@dataclass(frozen=True)
class Representation:
    """Weights after delegation. `represented.values()` and `idle` sum to the electorate's total."""

    represented: Mapping[bytes, int]
    idle: int


async def sign_delegation(delegation: Delegation, domain: Domain, signer: TypedDataSigner, key: str) -> Delegation:
    """The delegation with its signature."""
    values = delegation.values()
    signature = await signer.sign_typed(key, domain, DELEGATION_TYPE, DELEGATION_FIELDS, values)
    return replace(delegation, signature=signature)


def require_delegated(delegation: Delegation, domain: Domain) -> None:
    """Check that the giver signed.

    Raises:
        BallotInvalid: somebody else did, or nobody.
    """
    digest = typed_data_digest(domain, DELEGATION_TYPE, DELEGATION_FIELDS, delegation.values())
    try:
        signer = recover_signer(digest, delegation.signature)
    except EnvelopeInvalid as error:
        raise BallotInvalid(f"The delegation carries no signature: {error}") from error
    if signer != delegation.giver:
        raise BallotInvalid("The delegation is not signed by its giver.")


def current_delegates(delegations: Iterable[Delegation]) -> dict[bytes, bytes]:
    """Whom each giver names now, in whatever order the delegations came in.

    Two with the same sequence contradict each other; the giver then names nobody.
    """
    newest: dict[bytes, int] = {}
    named: dict[bytes, set[bytes]] = {}
    for entry in delegations:
        if entry.sequence > newest.get(entry.giver, -1):
            newest[entry.giver], named[entry.giver] = entry.sequence, {entry.to}
        elif entry.sequence == newest[entry.giver]:
            named[entry.giver].add(entry.to)
    return {giver: min(to) for giver, to in named.items() if len(to) == 1 and to != {giver}}


def represent(
    electorate: Electorate, delegates: Mapping[bytes, bytes], voted: Collection[bytes], max_depth: int = MAX_DEPTH
) -> Representation:
    """Give every voter's weight to the first on its chain who voted itself."""
    represented = {voter: 0 for voter in electorate.weights if voter in voted}
    idle = 0
    for voter, weight in electorate.weights.items():
        speaker = _speaker_of(voter, delegates, represented, max_depth)
        if speaker is None:
            idle += weight
        else:
            represented[speaker] += weight
    return Representation(represented, idle)


def _speaker_of(
    voter: bytes, delegates: Mapping[bytes, bytes], voted: Collection[bytes], max_depth: int
) -> bytes | None:
    """A circle never ends, so it runs into the limit like any chain that is too long."""
    account: bytes | None = voter
    for _ in range(max_depth + 1):
        if account is None or account in voted:
            return account
        account = delegates.get(account)
    return None
