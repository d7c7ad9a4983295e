"""Messages that died on this host: kept for an operator, and read again when the operator sends them back."""

from __future__ import annotations

import msgspec

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.protocols.message import Frame, Message, encode_header, read_header
from agents_offchain.messaging.routing.dead_letters import DeadMessage, Morgue
from agents_offchain.primitives.clock import Clock

SECOND_LIFE_MS = 3_600_000


class Letters:
    """Dead letters of one host.

    Args:
        host: Its name; the morgue keeps letters by it.
    """

    def __init__(self, host: str, morgue: Morgue, clock: Clock, metrics: DeliveryMetrics) -> None:
        self._host = host
        self._morgue = morgue
        self._clock = clock
        self._metrics = metrics
        self._dead: dict[str, DeadMessage] = {}

    def keep(self, frame: Frame, reason: str, sentence: str) -> None:
        """A frame that goes nowhere; written down by the next `bury`."""
        self._metrics.count("dead")
        letter = DeadMessage.of_frame(self._host, frame, reason, sentence)
        self._dead[letter.id] = letter

    def keep_message(self, message: Message, reason: str, sentence: str) -> None:
        """A message that goes nowhere."""
        self.keep(frame_of(message), reason, sentence)

    def keep_undeliverable(self, host: str, frame: Frame, reason: str) -> None:
        """A frame that another host's inbox did not take."""
        self.keep(frame, "undeliverable", f"{reason} (host {host})")

    async def bury(self) -> list[Message]:
        """Write down what died; the messages that an operator sent back, with a new lease of life.

        An operator's word stands for the time that is over; everything else was checked when they came.

        Raises:
            BusUnavailable: what died is kept here for the next time.
        """
        for letter in list(self._dead.values()):
            await self._morgue.keep(letter, self._clock.now_seconds())
            self._dead.pop(letter.id, None)
        frames = await self._morgue.take_back(self._host)
        return [message for frame in frames if (message := self._read_again(frame)) is not None]

    def _read_again(self, frame: Frame) -> Message | None:
        try:
            header = read_header(frame)
        except EnvelopeInvalid:
            return None
        now_ms = int(self._clock.now_seconds() * 1000)
        fresh = msgspec.structs.replace(header, created=now_ms, expires=now_ms + SECOND_LIFE_MS)
        return Message(fresh, frame.body, frame.hops)


def frame_of(message: Message) -> Frame:
    """A message as it travels."""
    return Frame(encode_header(message.header), message.body, message.hops)
