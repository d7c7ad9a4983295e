"""Who answers a broadcast on this host: those with plain functions together, everybody else for itself.

Which agents those are changes only when one joins or a handler is added, so it is looked up once for each kind of
broadcast. An agent never hears its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents_offchain.messaging.host.agent import Agent, Registration
from agents_offchain.messaging.protocols.message import EVERYONE, Header, capability_of

MOST_KNOWN = 256
Listener = tuple[Agent, Registration | None]
"""An agent and its handler, none when it has none for this type."""


@dataclass(frozen=True)
class Choir:
    """Agents that are called one after another; `ids` are theirs, in order."""

    listeners: tuple[Listener, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Audience:
    """Everybody whom one kind of broadcast is for."""

    choir: Choir
    soloists: tuple[Listener, ...]

    def without(self, agent_id: str) -> Audience:
        return _audience(item for item in (*self.choir.listeners, *self.soloists) if item[0].id != agent_id)


class Choirs:
    """Audiences by target and type.

    Args:
        agents: Everybody here, by id.
        by_capability: Who offers what here.
    """

    def __init__(self, agents: Mapping[str, Agent], by_capability: Mapping[str, Sequence[Agent]]) -> None:
        self._agents = agents
        self._by_capability = by_capability
        self._known: dict[tuple[str, str], Audience] = {}

    def forget(self) -> None:
        """Somebody joined, or learnt to handle another type."""
        self._known.clear()

    def audience(self, header: Header) -> Audience:
        """Whom a broadcast is for."""
        key = (header.target, header.type)
        found = self._known.get(key)
        if found is None:
            found = _audience((agent, agent.handlers.get(header.type)) for agent in self._for(header.target))
            if len(self._known) >= MOST_KNOWN:  # types and targets are words of strangers
                self._known.clear()
            self._known[key] = found
        return found.without(header.sender) if header.sender in self._agents else found

    def _for(self, target: str) -> Iterable[Agent]:
        return self._agents.values() if target == EVERYONE else self._by_capability.get(capability_of(target), ())


def _audience(listeners: Iterable[Listener]) -> Audience:
    plain: list[Listener] = []
    others: list[Listener] = []
    for agent, handler in listeners:
        is_plain = handler is None or not (handler.is_async or handler.is_stream)
        (plain if is_plain else others).append((agent, handler))
    return Audience(Choir(tuple(plain), tuple(agent.id for agent, _ in plain)), tuple(others))
