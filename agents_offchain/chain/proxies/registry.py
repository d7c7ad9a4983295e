"""Calldata to register an agent and to list what it offers (AgentRegistry, ServiceListings)."""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.primitives.units import AgentId, TokenUnits

REGISTRY_ABI = load_abi("AgentRegistry")
LISTINGS_ABI = load_abi("ServiceListings")


@dataclass(frozen=True)
class ListingTerms:
    """What an owner offers; `service_type` is ASCII of at most 32 bytes, field order the contract's."""

    agent_id: AgentId
    service_type: str
    price: TokenUnits
    policy_id: int
    work_seconds: int
    criteria_hash: bytes
    uri: str


def register_calldata(agent_uri: str) -> bytes:
    return REGISTRY_ABI.encode_call("register(string)", agent_uri)


def create_listing_calldata(terms: ListingTerms) -> bytes:
    return LISTINGS_ABI.encode_call(
        "createListing",
        (
            terms.agent_id,
            terms.service_type.encode("ascii").ljust(32, b"\0"),
            terms.price,
            terms.policy_id,
            terms.work_seconds,
            terms.criteria_hash,
            terms.uri,
        ),
    )
