"""A hire that the client only signs: terms, and an ERC-3009 authorization that is bound to them.

The authorization's nonce is the hash of the terms and a salt, so the money pays for this job and no other, whoever
sends the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from agents_offchain.chain.proxies.job_escrow import ABI, HireTerms
from agents_offchain.primitives.eip712 import Field

AUTHORIZATION_TYPE = "ReceiveWithAuthorization"
AUTHORIZATION_FIELDS: tuple[Field, ...] = (
    ("from", "address"),
    ("to", "address"),
    ("value", "uint256"),
    ("validAfter", "uint256"),
    ("validBefore", "uint256"),
    ("nonce", "bytes32"),
)
_HIRE_TYPEHASH = keccak(
    text="Hire(address provider,uint32 policyId,uint96 budget,uint256 expiredAt,uint256 agentId,uint256 listingId,"
    "string description,bytes32 salt)"
)
_HIRE_TYPES = ("bytes32", "address", "uint32", "uint96", "uint256", "uint256", "uint256", "bytes32", "bytes32")


@dataclass(frozen=True)
class AuthorizedHire:
    """What a client signed; times are unix seconds, `signature` is r || s || v."""

    client: bytes
    terms: HireTerms
    salt: bytes
    valid_after: int
    valid_before: int
    signature: bytes

    @property
    def nonce(self) -> bytes:
        return hire_nonce(self.terms, self.salt)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Of `hireWithAuthorization`."""
        r, s, v = self.signature[:32], self.signature[32:64], self.signature[64]
        return _terms(self.terms), (self.client, self.salt, self.valid_after, self.valid_before, v, r, s)

    @property
    def calldata(self) -> bytes:
        return ABI.encode_call("hireWithAuthorization", *self.arguments)


def hire_nonce(terms: HireTerms, salt: bytes) -> bytes:
    """`JobEscrow.hireNonce`."""
    values = (*_terms(terms)[:6], keccak(text=terms.description), salt)
    return keccak(encode(_HIRE_TYPES, (_HIRE_TYPEHASH, *values)))


def authorization_values(
    client: bytes, escrow: bytes, terms: HireTerms, salt: bytes, window: tuple[int, int]
) -> tuple[Any, ...]:
    """What the client signs in the token's domain, in the order of `AUTHORIZATION_FIELDS`."""
    return (client, escrow, terms.budget, *window, hire_nonce(terms, salt))


def _terms(terms: HireTerms) -> tuple[Any, ...]:
    return (
        terms.provider,
        terms.policy_id,
        terms.budget,
        terms.expired_at,
        terms.agent_id,
        terms.listing_id,
        terms.description,
    )
