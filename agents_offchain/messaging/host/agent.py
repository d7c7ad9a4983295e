"""What people write: an agent is a name, what it can do, and a function for each type of message.

    agent = Agent("counter", capabilities=("count-words",))

    @agent.on("count-words/1")
    async def count(context, body):
        return {"words": len(body["text"].split())}

A handler gets the context and the body (checked against `body=`, a pydantic model or a msgspec struct, when one is
given) and returns the answer; an async generator streams parts. A plain function is called in place and must be quick.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import BaseModel, ValidationError

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.message import Message, decode_body
from agents_offchain.messaging.routing.cards import AgentCard, Capability

if TYPE_CHECKING:
    from agents_offchain.messaging.host.host import Host, Part, Until

_PLAIN = frozenset({dict, list, str, int, float, bool, type(None)})
"""Looked up before pydantic is asked, which takes longer than the rest of an answer."""
Handler = Callable[["Context", Any], Any]


@dataclass(frozen=True, slots=True)
class Registration:
    """A handler, how it is called, and how its body is read."""

    call: Handler
    read: Callable[[bytes], Any]
    is_async: bool
    is_stream: bool


class Agent:
    """See the module. `id` is known once a host has taken the agent in."""

    def __init__(
        self, name: str, *, capabilities: Sequence[str | Capability] = (), description: str = "", key: str = "agent"
    ) -> None:
        self.name = name
        self.key = key
        self.description = description
        self.capabilities = tuple(Capability(item) if isinstance(item, str) else item for item in capabilities)
        self.handlers: dict[str, Registration] = {}
        self.topics: dict[str, Registration] = {}
        self.queues: dict[str, Registration] = {}
        self.id = ""
        self._host: Host | None = None

    def on(self, kind: str, body: type[Any] | None = None) -> Callable[[Handler], Handler]:
        """Handle questions, tasks and broadcasts of this type, such as `summarise/1`."""

        def register(handler: Handler) -> Handler:
            self.handlers[kind] = _registration(handler, body)
            if self._host is not None:
                self._host.handlers_changed()
            return handler

        return register

    def on_topic(self, topic: str, body: type[Any] | None = None) -> Callable[[Handler], Handler]:
        """Handle what is published under a topic from now on."""

        def register(handler: Handler) -> Handler:
            self.topics[topic] = _registration(handler, body)
            return handler

        return register

    def on_queue(self, queue: str, body: type[Any] | None = None) -> Callable[[Handler], Handler]:
        """Share the work of a queue with every other agent that does the same, here and elsewhere."""

        def register(handler: Handler) -> Handler:
            self.queues[queue] = _registration(handler, body)
            return handler

        return register

    def joined(self, host: Host, agent_id: str) -> None:
        self._host, self.id = host, agent_id

    def card(self) -> AgentCard:
        return AgentCard(self.id, self.capabilities, self.description)

    @property
    def host(self) -> Host:
        if self._host is None:
            raise RuntimeError(f"the agent {self.name} has not joined a host")
        return self._host

    async def ask(self, target: str, kind: str, body: Any = None, **wishes: Any) -> Any:
        """Ask one agent, by id, name or `capability:<name>`; see `Host.ask`."""
        return await self.host.ask(self, target, kind, body, **wishes)

    def stream(self, target: str, kind: str, body: Any = None, **wishes: Any) -> AsyncIterator[Part]:
        """Ask and get parts as they come; see `Host.stream`."""
        return self.host.stream(self, target, kind, body, **wishes)

    async def tell(self, target: str, kind: str, body: Any = None, **wishes: Any) -> str:
        """Send without an answer; see `Host.tell`."""
        return await self.host.tell(self, target, kind, body, **wishes)

    async def gather(self, target: str, kind: str, body: Any = None, *, until: Until, **wishes: Any) -> Any:
        """Ask many at once; see `Host.gather`."""
        return await self.host.gather(self, target, kind, body, until=until, **wishes)

    async def enqueue(self, queue: str, kind: str, body: Any = None, **wishes: Any) -> str:
        """Put work into a queue; see `Host.enqueue`."""
        return await self.host.enqueue(self, queue, kind, body, **wishes)

    async def publish(self, topic: str, kind: str, body: Any = None, **wishes: Any) -> str:
        """Publish under a topic; see `Host.publish`."""
        return await self.host.publish(self, topic, kind, body, **wishes)


class Context(msgspec.Struct, frozen=True):
    """What a handler knows of the message, and how it goes on from there: deadline, priority, trace and conversation
    are inherited by everything that is asked through it."""

    agent: Agent
    message: Message
    _send_part: Callable[[Any], None]

    @property
    def sender(self) -> str:
        """Proven by the session that its wallet granted."""
        return self.message.header.sender

    @property
    def deadline(self) -> float:
        """Unix seconds; after it the answer is of no use and the handler is cancelled."""
        return self.message.header.expires / 1000

    @property
    def effect_key(self) -> str:
        """Names what this message may cause, however often it is delivered: sender and id."""
        return f"{self.message.header.sender}/{self.message.header.id}"

    def part(self, body: Any) -> None:
        """Send a part of the answer, or progress, ahead of it."""
        self._send_part(body)

    async def ask(self, target: str, kind: str, body: Any = None, **wishes: Any) -> Any:
        """As `Agent.ask`, within this message's deadline and conversation."""
        return await self.agent.host.ask(self.agent, target, kind, body, cause=self.message, **wishes)


def _registration(handler: Handler, body: type[Any] | None) -> Registration:
    is_stream = inspect.isasyncgenfunction(handler)
    return Registration(handler, _reader(body), inspect.iscoroutinefunction(handler), is_stream)


def _reader(body: type[Any] | None) -> Callable[[bytes], Any]:
    if body is None:
        return decode_body
    if issubclass(body, BaseModel):
        return _pydantic_reader(body)
    decoder = msgspec.json.Decoder(body)

    def read(data: bytes) -> Any:
        try:
            return decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise EnvelopeInvalid(f"The body is not a {body.__name__}: {error}.") from error

    return read


def _pydantic_reader(body: type[BaseModel]) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        try:
            return body.model_validate_json(data)
        except (ValidationError, RecursionError) as error:
            raise EnvelopeInvalid(f"The body is not a {body.__name__}.") from error

    return read


def plain(result: Any) -> Any:
    """A handler's result as something that JSON carries."""
    if type(result) in _PLAIN:
        return result
    return result.model_dump(mode="json") if isinstance(result, BaseModel) else result


def wallet_keys(agents: Iterable[Agent]) -> list[str]:
    """The signer's names of the wallets behind some agents, each once."""
    return sorted({agent.key for agent in agents})
