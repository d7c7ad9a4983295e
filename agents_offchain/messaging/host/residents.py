"""The agents of a host, and which of them a message is for: one by its id, all of a kind, whoever listens to a topic,
or one of those who share a queue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from agents_offchain.messaging.errors import NoRoute
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.choirs import Choirs, Listener
from agents_offchain.messaging.host.dispatch import Chorus, Dispatch
from agents_offchain.messaging.host.intake import Opened, finish
from agents_offchain.messaging.host.letters import Letters
from agents_offchain.messaging.protocols.message import EVENT, EVERYONE, TELL, Header, Message, capability_of
from agents_offchain.primitives.errors import AitbcError


class Residents:
    """See the module. `agents` are by id."""

    def __init__(self, dispatch: Dispatch, letters: Letters) -> None:
        self.agents: dict[str, Agent] = {}
        self._dispatch = dispatch
        self._letters = letters
        self._by_capability: dict[str, list[Agent]] = {}
        self._choirs = Choirs(self.agents, self._by_capability)
        self._turn = 0

    def add(self, agent: Agent) -> None:
        """It lives here from now on."""
        self.agents[agent.id] = agent
        for capability in agent.capabilities:
            self._by_capability.setdefault(capability.name, []).append(agent)
        self._choirs.forget()

    def handlers_changed(self) -> None:
        """An agent here handles another type from now on."""
        self._choirs.forget()

    def topics(self) -> list[str]:
        """What somebody here listens to."""
        return sorted({topic for agent in self.agents.values() for topic in agent.topics})

    def queues(self) -> list[str]:
        """What somebody here works on."""
        return sorted({queue for agent in self.agents.values() for queue in agent.queues})

    def admit(self, message: Message, opened: Opened | None) -> bool:
        """Take a message in; False when it is acted on already, or never will be.

        Raises:
            NoRoute: it is for an agent that is not here.
        """
        target = message.header.target
        agent = self.agents.get(target)
        if agent is None:
            if target == EVERYONE or capability_of(target):
                self._broadcast(message, Opened(1, partial(finish, opened)))
                return True
            raise NoRoute(f"There is no agent {target} here.")
        return self._dispatch.admit(agent, message, opened, agent.handlers.get(message.header.type))

    def fan_out(self, name: str, message: Message, opened: Opened) -> None:
        """What was read once from a topic or a queue goes to every agent here that it is for."""
        self._hand_out(self._listeners(name, message.header), message, opened)

    def take_back(self, message: Message) -> bool:
        """A message that an operator sent back is new again; False when its agent does not live here."""
        agent = self.agents.get(message.header.target)
        if agent is None:
            return False
        self._dispatch.seen.let_go(agent.id, message.header)
        self._dispatch.admit(agent, message, None, agent.handlers.get(message.header.type))
        self._dispatch.drain()
        return True

    def _broadcast(self, message: Message, opened: Opened) -> None:
        """A question for many: those with plain functions answer together, everybody else for itself."""
        audience = self._choirs.audience(message.header)
        if audience.choir.ids:
            opened.open += 1
            try:
                is_taken = self._dispatch.admit_broadcast(Chorus(audience.choir, message, opened))
            except AitbcError as error:
                self._letters.keep_message(message, "refused", error.message)
                is_taken = False
            if not is_taken:
                finish(opened)
        self._hand_out(audience.soloists, message, opened)

    def _hand_out(self, listeners: Sequence[Listener], message: Message, opened: Opened) -> None:
        """Admit a message for each; `opened` is finished once here, and once by each that acts on it."""
        opened.open += len(listeners)
        for agent, handler in listeners:
            try:
                is_taken = self._dispatch.admit(agent, message, opened, handler)
            except AitbcError as error:
                self._letters.keep_message(message, "refused", error.message)
                is_taken = False
            if not is_taken:
                finish(opened)
        self._dispatch.drain()
        finish(opened)

    def _listeners(self, name: str, header: Header) -> list[Listener]:
        if header.verb == EVENT:
            return [(agent, agent.topics[name]) for agent in self.agents.values() if name in agent.topics]
        workers = [agent for agent in self.agents.values() if name in agent.queues] if header.verb == TELL else []
        if not workers:
            return []
        self._turn += 1
        chosen = workers[self._turn % len(workers)]
        return [(chosen, chosen.queues[name])]
