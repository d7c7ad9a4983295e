"""What arrives at a host: entries are opened, senders are proven, and each message goes where it belongs.

Answers go to the questions that wait, work goes into the fair queue, and what cannot be believed or handled becomes a
dead letter. An entry is acknowledged once every message in it was acted on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from agents_offchain.messaging.errors import EnvelopeExpired, EnvelopeInvalid, EnvelopeReplayed, SessionInvalid
from agents_offchain.messaging.host.asks import Asks
from agents_offchain.messaging.host.outbound import Outbound
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.post import Entry
from agents_offchain.messaging.protocols.bundle import sender_session, unpack
from agents_offchain.messaging.protocols.message import (
    ANSWERS,
    CANCEL,
    MANY,
    Frame,
    Message,
    read_frame,
    read_header,
)
from agents_offchain.messaging.protocols.sealed_body import open_body
from agents_offchain.messaging.protocols.session import SessionBook
from agents_offchain.messaging.protocols.voices import read_voices
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError

log = structlog.get_logger(__name__)
MAX_DELIVERIES = 4
"""An entry that was handed out this often and never acknowledged kills who handles it."""


@dataclass(slots=True)
class Opened:
    """Something that was delivered, how many of its messages are not acted on yet, and what is done then."""

    open: int
    done: Callable[[], None]


def finish(opened: Opened | None) -> None:
    """One message of what was delivered was acted on."""
    if opened is None:
        return
    opened.open -= 1
    if opened.open == 0:
        opened.done()


Admit = Callable[[Message, Opened | None], bool]
"""Takes work in; False when it is acted on already, or never will be."""
KeepDead = Callable[[Frame, str, str], None]
"""(frame, reason, sentence)"""


class Intake:
    """See the module."""

    def __init__(
        self,
        book: SessionBook,
        clock: Clock,
        metrics: DeliveryMetrics,
        asks: Asks,
        outbound: Outbound,
        *,
        admit: Admit,
        cancel: Callable[[Message], None],
        keep_dead: KeepDead,
        look_again: Callable[[], Awaitable[None]],
    ) -> None:
        self._book = book
        self._clock = clock
        self._metrics = metrics
        self._asks = asks
        self._outbound = outbound
        self._admit = admit
        self._cancel = cancel
        self._keep_dead = keep_dead
        self._look_again = look_again
        self.open_entries: dict[tuple[int, str], Entry] = {}

    async def take(self, entry: Entry) -> None:
        """Take in one entry of our inbox."""
        if (int(entry.lane), entry.position) in self.open_entries:
            return
        self._metrics.count("bundles_received")
        frames = await self._frames(entry)
        if entry.deliveries > MAX_DELIVERIES:
            for frame in frames:
                self.bury(frame, entry.deliveries)
            frames = []
        if not frames:
            self._outbound.acknowledge(entry)
            return
        opened = Opened(len(frames), lambda: self._finish_entry(entry))
        self.open_entries[int(entry.lane), entry.position] = entry
        link = sender_session(entry.data)
        for frame in frames:
            if not self._take_frame(frame, link, opened):
                finish(opened)

    def _finish_entry(self, entry: Entry) -> None:
        self.open_entries.pop((int(entry.lane), entry.position), None)
        self._outbound.acknowledge(entry)

    def read(self, frame: Frame, link: bytes | None) -> Message:
        """Check everything about a frame; `link` is the session whose MAC covered it.

        Raises:
            EnvelopeInvalid, EnvelopeExpired, SessionInvalid: it cannot be believed.
        """
        now = self._clock.now_seconds()
        message = read_frame(frame, now_ms=int(now * 1000))
        if link is None or message.header.session != link:
            self._book.require_signed(frame, message)
        self._book.require_speaks_for(message, now_seconds=now)
        if message.header.sealed_for:
            return Message(message.header, open_body(self._book.ring, message.header, message.body), message.hops)
        return message

    def read_past(self, frame: Frame) -> Message:
        """Check a message of the past: everything but the time of message and session.

        Raises:
            EnvelopeInvalid, SessionInvalid: it cannot be believed.
        """
        header = read_header(frame)
        message = read_frame(frame, now_ms=header.created)
        self._book.require_signed(frame, message)
        self._book.require_speaks_for(message, now_seconds=header.created / 1000)
        return message

    async def _frames(self, entry: Entry) -> list[Frame]:
        """The entry's frames; none when it cannot be believed, which is noted."""
        if not self._book.knows(sender_session(entry.data)):
            await self._look_again()
        try:
            frames = unpack(self._book, entry.data)
            self._metrics.count("delivered", len(frames))
            return frames
        except (EnvelopeInvalid, SessionInvalid) as error:
            self._metrics.count("refused")
            log.warning("bundle_refused", reason=error.message)
            self._keep_dead(Frame(b"", entry.data[:4_096]), "refused", error.message)
            return []

    def _take_frame(self, frame: Frame, link: bytes, opened: Opened) -> bool:
        """True when the message will be acted on later."""
        try:
            message = self.read(frame, link)
            verb = message.header.verb
            if verb in ANSWERS:
                self._asks.take(message)
                return False
            if verb == MANY:
                wallets = self._book.speaks_for(message.header.session, self._clock.now_seconds())
                self._asks.take_many(message.header.causation, read_voices(message.body, wallets))
                return False
            if verb == CANCEL:
                self._cancel(message)
                return False
            return self._admit(message, opened)
        except AitbcError as error:
            self.refuse(frame, error)
            return False

    def bury(self, frame: Frame, deliveries: int) -> None:
        """Nobody who was given this lived to finish it."""
        self._keep_dead(frame, "poison", f"It was delivered {deliveries} times and never finished.")

    def refuse(self, frame: Frame, error: AitbcError) -> None:
        """Count and keep what cannot be believed or taken."""
        reason = _REASONS.get(type(error), "refused")
        self._metrics.count(reason)
        self._keep_dead(frame, reason, error.message)


_REASONS: dict[type[AitbcError], str] = {EnvelopeExpired: "expired", EnvelopeReplayed: "replayed"}
