"""How the record of a market follows the one before: another escrow beside the same agents is a further generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_utils.address import to_checksum_address

from agents_offchain.chain.errors import ContractMissing
from agents_offchain.chain.market_plan import MarketPlan, PlannedMarket, deployment_plan

_OF_A_GENERATION = ("generation", "deployedAtBlock", "contracts", "policyId", "treasury", "reporters")


def has_moved_on(plan: MarketPlan, previous: Mapping[str, Any] | None) -> bool:
    """Whether an earlier document has the plan's market as an older generation already."""
    escrow = to_checksum_address(deployment_plan(plan).contracts["JobEscrow"])
    return any(old["contracts"]["JobEscrow"] == escrow for old in (previous or {}).get("older", ()))


def has_same_registry(plan: MarketPlan, previous: Mapping[str, Any] | None) -> bool:
    """Whether the plan's market can be a further generation of an earlier document's, or that very one."""
    registry = to_checksum_address(deployment_plan(plan).contracts["AgentRegistry"])
    return previous is not None and previous["contracts"].get("AgentRegistry") == registry


def require_same_channels(market: PlannedMarket, chain_id: int, previous: Mapping[str, Any] | None) -> None:
    """See that other PaymentChannels come with another escrow: the record has room for one in each generation.

    Raises:
        ContractMissing: they would take the place of those of now, and what is promised there would be forgotten.
    """
    if previous is None or previous.get("chainId") != chain_id:
        return
    escrow, channels = (to_checksum_address(market.contracts[name]) for name in ("JobEscrow", "PaymentChannels"))
    before = previous["contracts"]
    if before["JobEscrow"] == escrow and before.get("PaymentChannels", channels) != channels:
        raise ContractMissing(
            "This plan has other PaymentChannels beside the same JobEscrow; those of now would be forgotten.",
            mend="Change the market's terms with it, such as --quorum or --treasury: a further generation begins.",
        )


def succession(document: Mapping[str, Any], previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """`generation` and `older` of a document: another escrow on the same chain begins a further generation.

    A first generation says neither, and a plan that stood already keeps its place.
    """
    if previous is None or previous.get("chainId") != document["chainId"]:
        return {}
    if previous["contracts"]["JobEscrow"] == document["contracts"]["JobEscrow"]:
        return {name: previous[name] for name in ("generation", "older") if name in previous}
    if any(old["contracts"]["JobEscrow"] == document["contracts"]["JobEscrow"] for old in previous.get("older", ())):
        raise ContractMissing(
            "This plan is an older generation of the market, and there is no way back to it.",
            mend="Deploy the plan of the newest generation, or a further one.",
        )
    if previous["contracts"]["AgentRegistry"] != document["contracts"]["AgentRegistry"]:
        raise ContractMissing(
            "This plan has another AgentRegistry than the market, so agents would lose their ids.",
            mend="Write the document elsewhere with --out: it is another market.",
        )
    number = int(previous.get("generation", 1))
    left = {name: previous[name] for name in _OF_A_GENERATION if name in previous} | {"generation": number}
    return {"generation": number + 1, "older": [left, *previous.get("older", ())]}
