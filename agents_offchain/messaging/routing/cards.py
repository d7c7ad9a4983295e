"""What is known of a host and its agents, and the question that finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from agents_offchain.messaging.protocols.message import AgentId, capability_of
from agents_offchain.messaging.protocols.sealing_keys import PublicSeal
from agents_offchain.messaging.protocols.session import Grant, PublicSession

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
ReputationOf = Callable[[str], float]
"""Agent id to a score from 0 (worst) to 1; what is unknown is in the middle."""


class Capability(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing an agent can do; `price` in the smallest unit of the market's token, 0 for nothing."""

    name: Word
    version: Annotated[int, msgspec.Meta(ge=0, le=9999)] = 1
    price: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class AgentCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One agent on one host."""

    id: AgentId
    capabilities: Annotated[tuple[Capability, ...], msgspec.Meta(max_length=64)] = ()
    description: Annotated[str, msgspec.Meta(max_length=500)] = ""


class HostCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host: where its agents can be written to, with which keys, and for which wallets it speaks."""

    host: Word
    session: PublicSession
    grants: tuple[Grant, ...]
    agents: tuple[AgentCard, ...]
    region: Annotated[str, msgspec.Meta(max_length=40)] = ""
    seal: PublicSeal | None = None


class Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a host says it is doing. `load` is open work over capacity, 1 when full; `latency_ms` its median."""

    load: float = 0.0
    latency_ms: float = 0.0
    is_draining: bool = False
    backlog: int = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One agent on one live host; `key` names it."""

    agent: AgentCard
    host: str
    session: bytes
    region: str
    health: Health
    key: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.agent.id, self.host))


class Query(msgspec.Struct, frozen=True):
    """What a sender looks for; what is None is not asked.

    Attributes:
        agent: Its id, or its name when only one wallet uses it.
        max_price: Of the capability, in the smallest unit.
        min_reputation: 0 to 1.
        max_latency_ms: Median of the host.
    """

    capability: str | None = None
    min_version: int = 0
    agent: str | None = None
    max_price: int | None = None
    min_reputation: float | None = None
    max_latency_ms: float | None = None
    region: str | None = None
    includes_draining: bool = False


def query_of(target: str, **limits: Any) -> Query:
    """What a target means: `capability:<name>`, an agent's id, or its name."""
    if capability := capability_of(target):
        return Query(capability=capability, **limits)
    return Query(agent=target, **limits)


def unknown_reputation(_agent_id: str) -> float:
    """Nobody has a reputation where none is wired in."""
    return 0.5


def find(
    endpoints: Iterable[Endpoint], query: Query, reputation_of: ReputationOf = unknown_reputation
) -> list[Endpoint]:
    """The endpoints that fit, in the order that they come in; one pass for each thing that is asked."""
    found = list(endpoints)
    if not query.includes_draining:
        found = [endpoint for endpoint in found if not endpoint.health.is_draining]
    if (agent := query.agent) is not None:
        found = [item for item in found if agent == item.agent.id or agent == item.agent.id.partition("@")[0]]
    if query.region is not None:
        found = [endpoint for endpoint in found if endpoint.region == query.region]
    if (most := query.max_latency_ms) is not None:
        found = [endpoint for endpoint in found if endpoint.health.latency_ms <= most]
    if query.capability is not None:
        found = [endpoint for endpoint in found if _offers(endpoint.agent.capabilities, query)]
    if (least := query.min_reputation) is not None:
        found = [endpoint for endpoint in found if reputation_of(endpoint.agent.id) >= least]
    return found


def price_of(endpoint: Endpoint, capability: str | None) -> int:
    """What it asks for; 0 when it does not say."""
    return next((offer.price for offer in endpoint.agent.capabilities if offer.name == capability), 0)


def _offers(offers: tuple[Capability, ...], query: Query) -> bool:
    name, version, price = query.capability, query.min_version, query.max_price
    for offer in offers:
        if offer.name == name and offer.version >= version and (price is None or offer.price <= price):
            return True
    return False
