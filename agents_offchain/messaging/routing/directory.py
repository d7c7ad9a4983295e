"""Who is there: hosts publish cards under a lease, and everybody keeps a view of all that are alive.

A host that stops renewing disappears when its lease ends, whatever happened to it. The directory's own clock measures
leases, in seconds from now: whether the clocks of hosts agree does not matter. Cards are only believed as far as
wallets granted the session that they name: an agent whose wallet did not is not in the view. A view is looked up in
memory; `refresh` asks the server only whether anything changed, and reads the cards only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import structlog

from agents_offchain.messaging.protocols.message import wallet_of
from agents_offchain.messaging.protocols.session import SessionBook
from agents_offchain.messaging.routing.cards import Endpoint, Health, HostCard
from agents_offchain.messaging.streams import PREFIX, Client, translated
from agents_offchain.primitives.clock import Clock, SystemClock

log = structlog.get_logger(__name__)
MAX_CARD_BYTES = 1 << 20
_CARDS, _LEASES, _HEALTH, _VERSION = (
    f"{PREFIX}:{{directory}}:{part}" for part in ("cards", "leases", "health", "version")
)
_METRICS = f"{PREFIX}:{{directory}}:metrics"
_card_decoder = msgspec.msgpack.Decoder(HostCard)
_health_decoder = msgspec.msgpack.Decoder(Health)


@dataclass(frozen=True)
class Register:
    """Everything that stands in a directory. `leases` are the seconds that each host's lease goes on from now, negative
    since it ended."""

    version: int
    cards: Mapping[str, bytes]
    leases: Mapping[str, float]
    health: Mapping[str, bytes]


class Directory(Protocol):
    """Where cards and leases are kept for all hosts."""

    async def publish(self, host: str, card: bytes, lease_seconds: float) -> None:
        """Put a card in, or another in its place."""
        ...

    async def renew(self, host: str, health: bytes, lease_seconds: float, metrics: bytes = b"") -> bool:
        """Prolong a lease, from now on; False when the directory has no card of this host (it lost its data)."""
        ...

    async def metrics(self) -> Mapping[str, bytes]:
        """What hosts said of themselves when they renewed, by host."""
        ...

    async def withdraw(self, host: str) -> None: ...

    async def read(self, known_version: int) -> Register:
        """Leases and health; the cards too when the version is not the known one. Drops hosts long gone."""
        ...


@dataclass
class MemoryDirectory:
    """The directory's twin inside one process; `clock` is the server's."""

    clock: Clock = field(default_factory=SystemClock)
    cards: dict[str, bytes] = field(default_factory=dict)
    leases: dict[str, float] = field(default_factory=dict)
    health: dict[str, bytes] = field(default_factory=dict)
    figures: dict[str, bytes] = field(default_factory=dict)
    version: int = 0

    async def publish(self, host: str, card: bytes, lease_seconds: float) -> None:
        self.cards[host], self.leases[host] = card, self.clock.now_seconds() + lease_seconds
        self.version += 1

    async def renew(self, host: str, health: bytes, lease_seconds: float, metrics: bytes = b"") -> bool:
        if host not in self.cards:
            return False
        self.leases[host] = self.clock.now_seconds() + lease_seconds
        self.health[host], self.figures[host] = health, metrics
        return True

    async def metrics(self) -> Mapping[str, bytes]:
        return dict(self.figures)

    async def withdraw(self, host: str) -> None:
        for part in (self.cards, self.leases, self.health, self.figures):
            part.pop(host, None)
        self.version += 1

    async def read(self, known_version: int) -> Register:
        cards = {} if known_version == self.version else dict(self.cards)
        now = self.clock.now_seconds()
        return Register(self.version, cards, {host: end - now for host, end in self.leases.items()}, dict(self.health))


GONE_SECONDS = 3_600.0
"""A host whose lease ended this long ago leaves the directory."""
_NOW = "local time = redis.call('TIME') local now = time[1] + time[2] / 1000000 "
_PUBLISH = (
    _NOW
    + """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return redis.call('INCR', KEYS[3])
"""
)
_RENEW = (
    _NOW
    + """
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[4])
return redis.call('HEXISTS', KEYS[1], ARGV[1])
"""
)
_READ = (
    _NOW
    + """
local leases = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for place = 2, #leases, 2 do leases[place] = string.format('%.6f', leases[place] - now) end
return {redis.call('GET', KEYS[1]), leases, redis.call('HGETALL', KEYS[3])}
"""
)


class ValkeyDirectory:
    """A directory in five keys of one slot: `cards`, `health`, `metrics` by host, `leases` by the server's time (unix
    seconds), `version` of the cards."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def publish(self, host: str, card: bytes, lease_seconds: float) -> None:
        async with translated():
            await self._client.eval(_PUBLISH, 3, _CARDS, _LEASES, _VERSION, host, card, lease_seconds)

    async def renew(self, host: str, health: bytes, lease_seconds: float, metrics: bytes = b"") -> bool:
        keys = (_CARDS, _LEASES, _HEALTH, _METRICS)
        async with translated():
            is_known = await self._client.eval(_RENEW, len(keys), *keys, host, lease_seconds, health, metrics)
        return bool(is_known)

    async def metrics(self) -> Mapping[str, bytes]:
        async with translated():
            found = await self._client.hgetall(_METRICS)
        return {host.decode(): bytes(data) for host, data in found.items()}

    async def withdraw(self, host: str) -> None:
        async with translated():
            pipeline = self._client.pipeline(transaction=False)
            pipeline.hdel(_CARDS, host)
            pipeline.hdel(_HEALTH, host)
            pipeline.hdel(_METRICS, host)
            pipeline.zrem(_LEASES, host)
            pipeline.incr(_VERSION)
            await pipeline.execute()

    async def read(self, known_version: int) -> Register:
        async with translated():
            version, leases, health = await self._client.eval(_READ, 3, _VERSION, _LEASES, _HEALTH)
            number = int(version or 0)
            cards: Any = {} if number == known_version else await self._client.hgetall(_CARDS)
        left = {host: float(seconds) for host, seconds in _pairs(leases)}
        for host, seconds in left.items():
            if seconds < -GONE_SECONDS:
                await self.withdraw(host)
        return Register(
            number, {host.decode(): bytes(card) for host, card in cards.items()}, left, dict(_pairs(health))
        )


@dataclass(frozen=True)
class Crowd:
    """Whom a broadcast reaches: agents by id, and the hosts that they live on."""

    agents: frozenset[str]
    hosts: tuple[str, ...]


class View:
    """What one host believes of the directory.

    Args:
        book: Learns the sessions, and says which wallets granted them.
    """

    def __init__(self, directory: Directory, book: SessionBook, clock: Clock) -> None:
        self._directory = directory
        self._book = book
        self._clock = clock
        self._version = -1
        self._raw: dict[str, bytes] = {}
        self._cards: dict[str, HostCard] = {}
        self._hosts: dict[bytes, str] = {}
        self._leases: Mapping[str, float] = {}
        self._said: Mapping[str, bytes] = {}
        self._health: dict[str, Health] = {}
        self._endpoints: list[Endpoint] = []
        self._by_capability: dict[str, list[Endpoint]] = {}
        self._by_name: dict[str, list[Endpoint]] = {}
        self._crowds: dict[str, Crowd] = {}
        self._valid_until = 0.0

    async def refresh(self) -> None:
        """Raises BusUnavailable when the directory cannot be asked; the view stays, and leases in it end."""
        asked_at = self._clock.now_seconds()
        register = await self._directory.read(self._version)
        is_new = register.version != self._version
        if is_new:
            self._version = register.version
            self._take_cards(register.cards)
        alive = self.hosts()
        self._leases = {host: asked_at + seconds for host, seconds in register.leases.items()}
        if is_new or register.health != self._said or self.hosts() != alive:
            self._said = register.health
            self._health = {host: _read_health(data) for host, data in register.health.items()}
            self._index()
        else:
            self._set_valid_until(alive)

    def endpoints(self) -> list[Endpoint]:
        """Every agent on every live host."""
        self._drop_ended()
        return self._endpoints

    def offering(self, capability: str) -> list[Endpoint]:
        self._drop_ended()
        return self._by_capability.get(capability, [])

    def named(self, agent: str) -> list[Endpoint]:
        """By id, or by the name before the `@`."""
        self._drop_ended()
        return self._by_name.get(agent, [])

    def crowd(self, capability: str) -> Crowd:
        """Everybody who offers it and takes new work, everybody at all for an empty name."""
        self._drop_ended()
        found = self._crowds.get(capability)
        if found is None:
            offering = self._by_capability.get(capability, []) if capability else self._endpoints
            there = [endpoint for endpoint in offering if not endpoint.health.is_draining]
            hosts = tuple(dict.fromkeys(endpoint.host for endpoint in there))
            found = self._crowds[capability] = Crowd(frozenset(endpoint.agent.id for endpoint in there), hosts)
        return found

    def session_of(self, host: str) -> bytes | None:
        """The session of a host that published a card, alive or not: mail for the dead waits for their return."""
        card = self._cards.get(host)
        return None if card is None else card.session.id

    def host_of(self, session: bytes) -> str | None:
        """The host that has this session, alive or not."""
        return self._hosts.get(session)

    def is_alive(self, host: str) -> bool:
        return self._leases.get(host, 0.0) > self._clock.now_seconds()

    def hosts(self) -> list[str]:
        return [host for host in self._cards if self.is_alive(host)]

    def _take_cards(self, cards: Mapping[str, bytes]) -> None:
        for host in [held for held in self._raw if held not in cards]:
            del self._raw[host], self._cards[host]
        for host, data in cards.items():
            if self._raw.get(host) == data:
                continue
            card = _read_card(host, data)
            if card is None:
                continue
            wallets = self._book.learn(card.session, card.grants)
            self._book.learn_seal(card.session.id, card.seal)
            believed = tuple(agent for agent in card.agents if wallet_of(agent.id) in wallets)
            self._raw[host] = data
            self._cards[host] = msgspec.structs.replace(card, agents=believed)
        self._hosts = {card.session.id: host for host, card in self._cards.items()}

    def _index(self) -> None:
        self._endpoints, self._by_capability, self._by_name, self._crowds = [], {}, {}, {}
        alive = [host for host in self._cards if self.is_alive(host)]
        self._set_valid_until(alive)
        for host in sorted(alive):
            card = self._cards[host]
            health = self._health.get(host, Health())
            for agent in card.agents:
                endpoint = Endpoint(agent, host, card.session.id, card.region, health)
                self._endpoints.append(endpoint)
                for capability in agent.capabilities:
                    self._by_capability.setdefault(capability.name, []).append(endpoint)
                self._by_name.setdefault(agent.id, []).append(endpoint)
                self._by_name.setdefault(agent.id.partition("@")[0], []).append(endpoint)

    def _set_valid_until(self, alive: Sequence[str]) -> None:
        """Until the first lease of those who are alive ends, the index stands."""
        self._valid_until = min((self._leases[host] for host in alive), default=float("inf"))

    def _drop_ended(self) -> None:
        if self._clock.now_seconds() >= self._valid_until:
            self._index()


def _pairs(flat: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """A script's answer: name, value, name, value."""
    return [(name.decode(), bytes(value)) for name, value in zip(flat[::2], flat[1::2], strict=True)]


def write_card(card: HostCard) -> bytes:
    return msgspec.msgpack.encode(card)


def write_health(health: Health) -> bytes:
    return msgspec.msgpack.encode(health)


def _read_card(host: str, data: bytes) -> HostCard | None:
    try:
        card = _card_decoder.decode(data) if len(data) <= MAX_CARD_BYTES else None
    except msgspec.MsgspecError:
        card = None
    if card is None or card.host != host:
        log.warning("directory_card_refused", host=host[:80])
        return None
    return card


def _read_health(data: bytes) -> Health:
    try:
        return _health_decoder.decode(data)
    except msgspec.MsgspecError:
        return Health()
