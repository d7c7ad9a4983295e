"""The mailbox's twin inside one process, which can lose, repeat and reorder on command.

`MemoryBroker` plays the server and outlives the mailboxes, so a test can kill a consumer and start another.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.mailbox import Delivery
from agents_offchain.primitives.clock import Clock, SystemClock


@dataclass
class Faults:
    """How badly the transport behaves; shares are in [0, 1] and apply to each delivery.

    Args:
        lose: Handed to nobody this time; comes again when it has been idle long enough.
        duplicate: Handed over twice.
        reorder: The whole batch is shuffled.
    """

    rng: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 (no secret)
    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0


@dataclass
class _Pending:
    consumer: str
    delivered_at: float
    deliveries: int = 1


@dataclass
class _Group:
    next_index: int = 0
    pending: dict[int, _Pending] = field(default_factory=dict)


class MemoryBroker:
    """Topics and groups as lists and dicts."""

    def __init__(self) -> None:
        self.topics: dict[str, list[tuple[str, bytes]]] = {}
        self.groups: dict[tuple[str, str], _Group] = {}
        self.is_down = False

    def wipe(self) -> None:
        """Lose everything, as a server without its disk does."""
        self.topics.clear()
        self.groups.clear()

    def append(self, topic: str, message_id: str, payload: bytes) -> bool:
        entries = self.topics.setdefault(topic, [])
        if any(held == message_id for held, _ in entries):
            return False
        entries.append((message_id, payload))
        return True

    def group(self, topic: str, name: str) -> _Group:
        return self.groups.setdefault((topic, name), _Group())


class MemoryMailbox:
    """A `Mailbox` on a `MemoryBroker`.

    Args:
        recovery_idle_seconds: Unacknowledged for this long, a message goes to whoever asks.
    """

    def __init__(
        self,
        broker: MemoryBroker,
        group: str,
        consumer: str,
        *,
        recovery_idle_seconds: float = 30.0,
        faults: Faults | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._broker = broker
        self._group = group
        self._consumer = consumer
        self._recovery_idle_seconds = recovery_idle_seconds
        self._faults = faults or Faults()
        self._clock = clock or SystemClock()
        self._history: dict[str, int | None] = {}

    async def publish(self, topic: str, message_id: str, payload: bytes) -> bool:
        self._require_up()
        return self._broker.append(topic, message_id, payload)

    async def receive(self, topic: str, *, limit: int = 64, wait_seconds: float = 0.0) -> list[Delivery]:
        self._require_up()
        found = self._take(topic, limit)
        if not found and wait_seconds > 0:
            await self._clock.sleep(wait_seconds)
            found = self._take(topic, limit)
        return found

    async def touch(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        self._require_up()
        pending = self._broker.group(topic, self._group).pending
        for delivery in deliveries:
            held = pending.get(int(delivery.position))
            if held is not None:
                held.delivered_at = self._clock.now_seconds()

    async def join(self, topic: str) -> None:
        self._require_up()
        if (topic, self._group) not in self._broker.groups:
            self._broker.group(topic, self._group).next_index = len(self._broker.topics.get(topic, []))

    async def read_after(self, topic: str, position: str, *, limit: int = 1_000) -> list[Delivery]:
        self._require_up()
        first = int(position)
        entries = self._broker.topics.get(topic, [])[first : first + limit]
        return [Delivery(topic, str(index), *entry) for index, entry in enumerate(entries, start=first + 1)]

    async def acknowledge(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        self._require_up()
        group = self._broker.group(topic, self._group)
        for delivery in deliveries:
            group.pending.pop(int(delivery.position), None)

    async def close(self) -> None:
        return None

    def _require_up(self) -> None:
        if self._broker.is_down:
            raise BusUnavailable("The message server is switched off.")

    def _take(self, topic: str, limit: int) -> list[Delivery]:
        group = self._broker.group(topic, self._group)
        indexes = self._own_history(topic, group, limit)
        indexes += [index for index in self._idle(group) if index not in indexes][: limit - len(indexes)]
        entries = self._broker.topics.get(topic, [])
        last = min(len(entries), group.next_index + limit - len(indexes))
        indexes += range(group.next_index, last)
        group.next_index = max(group.next_index, last)
        now = self._clock.now_seconds()
        for index in indexes:
            before = group.pending.get(index)
            group.pending[index] = _Pending(self._consumer, now, 1 if before is None else before.deliveries + 1)
        return self._disturb(
            [Delivery(topic, str(index), *entries[index], group.pending[index].deliveries) for index in indexes]
        )

    def _own_history(self, topic: str, group: _Group, limit: int) -> list[int]:
        """What this consumer was handed before it died, once after a start."""
        after = self._history.get(topic, -1)
        if after is None:
            return []
        mine = sorted(
            index for index, pending in group.pending.items() if pending.consumer == self._consumer and index > after
        )[:limit]
        self._history[topic] = mine[-1] if len(mine) == limit else None
        return mine

    def _idle(self, group: _Group) -> list[int]:
        latest = self._clock.now_seconds() - self._recovery_idle_seconds
        return sorted(index for index, pending in group.pending.items() if pending.delivered_at <= latest)

    def _disturb(self, deliveries: list[Delivery]) -> list[Delivery]:
        rng, faults = self._faults.rng, self._faults
        disturbed = [delivery for delivery in deliveries if rng.random() >= faults.lose]
        disturbed += [delivery for delivery in disturbed if rng.random() < faults.duplicate]
        if rng.random() < faults.reorder:
            rng.shuffle(disturbed)
        return disturbed
