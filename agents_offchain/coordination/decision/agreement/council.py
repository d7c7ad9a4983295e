"""Who agrees, how many of them may be faulty, and what they put their names to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from agents_offchain.coordination.errors import ElectorateInvalid
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.eip712 import Domain
from agents_offchain.primitives.hexes import encode_hex

MAX_MEMBERS = 64
"""As in `DecisionLedger`."""
DECISION_SCHEMA = "aitbc.decision/1"


@dataclass(frozen=True)
class Council:
    """Members (20 bytes each), strictly ascending.

    Raises:
        ElectorateInvalid: none, too many, or out of order.
    """

    members: tuple[bytes, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(set(self.members)))
        if ordered != self.members or not 0 < len(ordered) <= MAX_MEMBERS or {len(m) for m in ordered} != {20}:
            raise ElectorateInvalid(f"A council is 1 to {MAX_MEMBERS} different addresses in ascending order.")

    @cached_property
    def faulty(self) -> int:
        """f: how many members may do anything."""
        return (len(self.members) - 1) // 3

    @cached_property
    def quorum(self) -> int:
        """2f + 1 of 3f + 1: any two quorums share an honest member, and the honest alone are one."""
        return (len(self.members) + self.faulty) // 2 + 1

    @cached_property
    def council_id(self) -> bytes:
        """`DecisionLedger.councilIdOf(quorum, members)`."""
        return keccak(encode(("uint256", "address[]"), (self.quorum, self.members)))

    @cached_property
    def places(self) -> dict[bytes, int]:
        return {member: index for index, member in enumerate(self.members)}


@dataclass(frozen=True)
class Question:
    """What one agreement is about: a council, the proposal (32 bytes) and where its certificate counts."""

    council: Council
    proposal: bytes
    domain: Domain

    def leader_of(self, round_number: int) -> bytes:
        """Round robin, starting at a member that depends on the proposal."""
        start = int.from_bytes(self.proposal[-8:], "big")
        return self.council.members[(start + round_number) % len(self.council.members)]

    def digest_of(self, value: bytes) -> bytes:
        """SHA2-256 of the decision's document: what is voted on, sealed and certified."""
        return _digest(self.council.council_id, self.proposal, value)


def ledger_domain(chain_id: int, ledger: bytes) -> Domain:
    """The EIP-712 domain of `DecisionLedger`; `ledger` is 20 bytes."""
    return Domain("AITBC DecisionLedger", "1", chain_id, ledger)


@lru_cache(maxsize=1024)
def _digest(council_id: bytes, proposal: bytes, value: bytes) -> bytes:
    return sha256(
        canonical_json(
            {
                "schema": DECISION_SCHEMA,
                "council": encode_hex(council_id),
                "proposal": encode_hex(proposal),
                "value": encode_hex(value),
            }
        )
    )
