"""The API's own host on the message server: it sends for callers, each under a name of its own.

A caller is `for-<caller>@0x<wallet of the gateway>`: whoever receives the message knows that this gateway vouches for
the caller, and counts its quota apart from the others'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from agents_offchain.api.rest.access.principal import Principal
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.host import Host
from agents_offchain.messaging.metrics import HostMetrics
from agents_offchain.messaging.protocols.message import agent_id_of, wallet_of
from agents_offchain.messaging.routing.cards import Endpoint


class Gateway(Protocol):
    """The way to agents on the message server."""

    def endpoints(self) -> list[Endpoint]:
        """Every agent on every live host."""
        ...

    async def ask(
        self, principal: Principal, target: str, kind: str, body: Any, *, seconds: float, priority: int
    ) -> Any:
        """The answer's body; raises as `Host.ask`."""
        ...

    async def tell(self, principal: Principal, target: str, kind: str, body: Any, *, priority: int) -> str:
        """The message's id; raises as `Host.tell`."""
        ...

    async def metrics(self) -> Mapping[str, HostMetrics]:
        """Every live host with its figures; raises BusUnavailable."""
        ...


class HostGateway:
    """A `Gateway` on a started host with the one agent `agent`."""

    def __init__(self, host: Host, agent: Agent) -> None:
        self._host = host
        self._agent = agent

    def endpoints(self) -> list[Endpoint]:
        return [endpoint for endpoint in self._host.view.endpoints() if endpoint.agent.id != self._agent.id]

    async def ask(
        self, principal: Principal, target: str, kind: str, body: Any, *, seconds: float, priority: int
    ) -> Any:
        caller = self._caller(principal)
        return await self._host.ask(caller, target, kind, body, deadline_seconds=seconds, priority=priority)

    async def tell(self, principal: Principal, target: str, kind: str, body: Any, *, priority: int) -> str:
        return await self._host.tell(self._caller(principal), target, kind, body, priority=priority)

    async def metrics(self) -> Mapping[str, HostMetrics]:
        return await self._host.observe_all()

    def _caller(self, principal: Principal) -> Agent:
        name = "for-" + re.sub(r"[^a-z0-9]", "-", principal.name.partition(":")[2].lower())
        caller = Agent(name)
        caller.joined(self._host, agent_id_of(name, wallet_of(self._agent.id)))
        return caller
