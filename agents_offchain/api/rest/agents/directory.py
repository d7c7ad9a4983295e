"""The directory as HTTP shows it: agents on the message server and visitors, by name, one row each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from agents_offchain.api.rest.agents.gateway import Gateway
from agents_offchain.api.rest.agents.visitors import Visitor, Visitors
from agents_offchain.messaging.protocols.message import wallet_of
from agents_offchain.messaging.routing.cards import Endpoint
from agents_offchain.primitives.hexes import encode_hex

CapabilityName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]


class CapabilityModel(BaseModel):
    """One thing an agent can do; `price` in the smallest unit of the market's token."""

    model_config = ConfigDict(extra="forbid")
    name: CapabilityName
    version: int = Field(default=1, ge=0, le=9999)
    price: str = Field(default="0", pattern="^[0-9]{1,15}$")


class EndpointOut(BaseModel):
    """Where an agent lives; `load` is 1 when it is full."""

    host: str
    region: str
    load: float
    latency_ms: float
    is_draining: bool


class DirectoryAgentOut(BaseModel):
    """One agent. Names and texts are a stranger's words; the wallet is proven."""

    agent_id: str
    name: str
    wallet: str
    description: str
    capabilities: list[CapabilityModel]
    is_visiting: bool
    lease_until: float | None = Field(description="of a visitor, unix seconds")
    endpoints: list[EndpointOut]


class DirectoryPage(BaseModel):
    """Agents by id; `next_cursor` is null on the last page."""

    items: list[DirectoryAgentOut]
    next_cursor: str | None


async def list_agents(
    gateway: Gateway | None, visitors: Visitors, *, capability: str | None, after: str, limit: int
) -> DirectoryPage:
    """Who is there, from behind an id on."""
    rows = [of_visitor(visitor) for visitor in await visitors.present()]
    rows += _of_endpoints(gateway.endpoints() if gateway is not None else [])
    fitting = sorted(
        (row for row in rows if row.agent_id > after and _offers(row, capability)), key=lambda row: row.agent_id
    )
    page = fitting[:limit]
    return DirectoryPage(items=page, next_cursor=page[-1].agent_id if len(fitting) > limit else None)


def find_hosted(gateway: Gateway | None, agent_id: str) -> DirectoryAgentOut | None:
    """One agent on the message server."""
    if gateway is None:
        return None
    mine = [endpoint for endpoint in gateway.endpoints() if endpoint.agent.id == agent_id]
    return next(iter(_of_endpoints(mine)), None)


def _offers(row: DirectoryAgentOut, capability: str | None) -> bool:
    return capability is None or any(offer.name == capability for offer in row.capabilities)


def of_visitor(visitor: Visitor) -> DirectoryAgentOut:
    return DirectoryAgentOut(
        agent_id=visitor.id,
        name=visitor.name,
        wallet=encode_hex(visitor.wallet),
        description=visitor.description,
        capabilities=[CapabilityModel(**offer) for offer in visitor.capabilities],
        is_visiting=True,
        lease_until=visitor.lease_until,
        endpoints=[],
    )


def _of_endpoints(endpoints: Iterable[Endpoint]) -> list[DirectoryAgentOut]:
    rows: dict[str, DirectoryAgentOut] = {}
    for endpoint in endpoints:
        card = endpoint.agent
        row = rows.get(card.id)
        if row is None:
            offers: list[dict[str, Any]] = [
                {"name": offer.name, "version": offer.version, "price": str(offer.price)} for offer in card.capabilities
            ]
            row = rows[card.id] = DirectoryAgentOut(
                agent_id=card.id,
                name=card.id.partition("@")[0],
                wallet=encode_hex(wallet_of(card.id)),
                description=card.description,
                capabilities=[CapabilityModel(**offer) for offer in offers],
                is_visiting=False,
                lease_until=None,
                endpoints=[],
            )
        row.endpoints.append(
            EndpointOut(
                host=endpoint.host,
                region=endpoint.region,
                load=endpoint.health.load,
                latency_ms=endpoint.health.latency_ms,
                is_draining=endpoint.health.is_draining,
            )
        )
    return list(rows.values())
