"""Which listing is hired: the one named, or the cheapest of a service; the chain confirms price and availability."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.proxies.registry import LISTINGS_ABI, REGISTRY_ABI
from agents_offchain.cli.operate.connections import Connections
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import decode_address
from agents_offchain.primitives.units import TokenUnits, format_tokens
from agents_offchain.storage.tables.read_model import agent_listings


class ListingUnsuitable(Refused):
    """No listing fits what was asked for."""


@dataclass(frozen=True)
class Choice:
    """A listing as the chain has it now, with the wallet that is hired."""

    listing_id: int
    agent_id: int
    service: str
    price: TokenUnits
    policy_id: int
    work_seconds: int
    wallet: bytes


async def choose(around: Connections, wanted: str, max_price: int | None) -> Choice:
    """The listing to hire.

    Args:
        wanted: A listing's number, or the name of a service.
        max_price: In the token's smallest unit; None is any price.

    Raises:
        ListingUnsuitable: there is none, it is not available, or it costs more.
    """
    numbers = [int(wanted)] if wanted.isdecimal() else await _of_service(around, wanted)
    dearest: Choice | None = None
    for number in numbers:
        found = await _read(around, number)
        if found is not None and (max_price is None or found.price <= max_price):
            return found
        dearest = dearest or found
    if dearest is not None and max_price is not None:
        cap, price = format_tokens(max_price), format_tokens(dearest.price)
        raise ListingUnsuitable(f"The cheapest costs {price}; at most {cap} was allowed.", mend="Raise --max-price.")
    raise ListingUnsuitable(
        f"No listing of {wanted[:60]!r} can be hired now.", mend="The page and `GET /api/v1/listings` show what can."
    )


async def _of_service(around: Connections, service: str) -> list[int]:
    """Numbers of the open listings of a service, cheapest first."""
    query = select(agent_listings.c.listing_id, agent_listings.c.price).where(
        agent_listings.c.generation == around.deployment.generation,
        agent_listings.c.service_type == service,
        agent_listings.c.is_available.is_(True),
        agent_listings.c.is_closed.is_(False),
    )
    async with around.database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [int(row.listing_id) for row in sorted(rows, key=lambda row: (int(row.price), int(row.listing_id)))]


async def _read(around: Connections, listing_id: int) -> Choice | None:
    """None for a listing that is not there, closed or off the market."""
    node, deployment = around.node, around.deployment
    try:
        row = await node.call(LISTINGS_ABI, deployment.address("ServiceListings"), "listingOf", listing_id)
        info = await node.call(LISTINGS_ABI, deployment.address("ServiceListings"), "serviceInfo", listing_id)
        wallet = await node.call(REGISTRY_ABI, deployment.address("AgentRegistry"), "getAgentWallet", row["agentId"])
    except ContractReverted:
        return None
    if not info["available"] or not decode_address(wallet).strip(b"\0"):
        return None
    return Choice(
        listing_id=listing_id,
        agent_id=int(row["agentId"]),
        service=row["serviceType"].rstrip(b"\0").decode("ascii", errors="replace"),
        price=TokenUnits(row["price"]),
        policy_id=int(row["policyId"]),
        work_seconds=int(row["workSeconds"]),
        wallet=decode_address(wallet),
    )
