"""Topics and queues of a host: each is read once for all of its agents, and acknowledged when they have acted.

A topic is read by every host: the host's group keeps its place in it, so what is published while it is away waits. A
queue is read by all workers together: each message goes to one, and to another when that one is silent for too long.
Messages in both carry their session's signature, since any host may come to read them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import structlog

from agents_offchain.messaging.errors import BusUnavailable, EnvelopeInvalid
from agents_offchain.messaging.host.intake import MAX_DELIVERIES, Intake, Opened
from agents_offchain.messaging.mailbox import Delivery, Mailbox
from agents_offchain.messaging.protocols.message import Frame, Message
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError

log = structlog.get_logger(__name__)
QUEUE_PREFIX = "queue/"
TOPIC_READ, QUEUE_READ = 256, 32
"""Messages held open at a time: a worker that dies holds few."""
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)
FanOut = Callable[[str, Message, Opened], None]
"""(topic or queue, message, what to finish once all have acted)"""


@dataclass
class _Subscription:
    mailbox: Mailbox
    stream: str
    name: str
    most_open: int
    open: dict[str, Delivery] = field(default_factory=dict)
    done: list[Delivery] = field(default_factory=list)

    def finish(self, delivery: Delivery) -> None:
        self.open.pop(delivery.position, None)
        self.done.append(delivery)


class Topics:
    """See the module."""

    def __init__(self, topics: Mailbox, queues: Mailbox, intake: Intake, fan_out: FanOut, clock: Clock) -> None:
        self._topics = topics
        self._queues = queues
        self._intake = intake
        self._fan_out = fan_out
        self._clock = clock
        self.subscriptions: list[_Subscription] = []

    async def open(self, topics: Sequence[str], queues: Sequence[str]) -> None:
        """Take our place in each topic: at its end when we were never there, where we left it otherwise."""
        self.subscriptions = [_Subscription(self._topics, name, name, TOPIC_READ) for name in topics]
        self.subscriptions += [_Subscription(self._queues, QUEUE_PREFIX + name, name, QUEUE_READ) for name in queues]
        for name in topics:
            await self._topics.join(name)

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        return [self._read_for_ever(subscription) for subscription in self.subscriptions]

    async def publish(self, topic: str, message_id: str, frame: Frame) -> None:
        """Append a signed message to a topic. Raises BusUnavailable."""
        await self._topics.publish(topic, message_id, _encoder.encode(frame))

    async def enqueue(self, queue: str, message_id: str, frame: Frame) -> None:
        """Append signed work to a queue. Raises BusUnavailable."""
        await self._queues.publish(QUEUE_PREFIX + queue, message_id, _encoder.encode(frame))

    async def replay(self, topic: str, after: str, limit: int) -> list[tuple[str, Message]]:
        """Past messages that can be believed, with their positions. Expired ones are history and read too."""
        found: list[tuple[str, Message]] = []
        for delivery in await self._topics.read_after(topic, after, limit=limit):
            try:
                found.append((delivery.position, self._intake.read_past(_frame(delivery.payload))))
            except AitbcError as error:
                log.info("event_passed_over", topic=topic, reason=error.message)
        return found

    async def touch(self) -> None:
        """Keep what we work on in the queues from being taken over."""
        for subscription in self.subscriptions:
            if subscription.mailbox is self._queues:
                await subscription.mailbox.touch(subscription.stream, list(subscription.open.values()))

    async def step(self, subscription: _Subscription, wait_seconds: float) -> int:
        """Acknowledge what is done, read what there is room for; how much that was."""
        done, subscription.done = subscription.done, []
        try:
            await subscription.mailbox.acknowledge(subscription.stream, done)
        except BusUnavailable:
            subscription.done += done
            raise
        room = subscription.most_open - len(subscription.open)
        if room <= 0:
            await self._clock.sleep(0.01)
            return 0
        pause = 0.02 if subscription.open else wait_seconds
        deliveries = await subscription.mailbox.receive(subscription.stream, limit=room, wait_seconds=pause)
        for delivery in deliveries:
            if delivery.position not in subscription.open:
                subscription.open[delivery.position] = delivery
                self._hand_out(subscription, delivery)
        return len(deliveries)

    def _hand_out(self, subscription: _Subscription, delivery: Delivery) -> None:
        try:
            frame = _frame(delivery.payload)
            if delivery.deliveries > MAX_DELIVERIES:
                self._intake.bury(frame, delivery.deliveries)
                subscription.finish(delivery)
                return
            message = self._intake.read(frame, None)
            self._fan_out(subscription.name, message, Opened(1, partial(subscription.finish, delivery)))
        except AitbcError as error:
            self._intake.refuse(Frame(b"", delivery.payload[:4_096]), error)
            subscription.finish(delivery)

    async def _read_for_ever(self, subscription: _Subscription) -> None:
        while True:
            try:
                if not await self.step(subscription, 1.0):
                    await self._clock.sleep(0)
            except BusUnavailable as error:
                log.warning("topic_unreadable", topic=subscription.name, reason=error.message)
                await self._clock.sleep(0.2)


def _frame(payload: bytes) -> Frame:
    """Raises EnvelopeInvalid when the bytes are not a frame."""
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EnvelopeInvalid("The bytes are not a message.") from error
