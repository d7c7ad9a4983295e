"""Answers on their way back: to the host that has the session which asked, and to nobody when that is gone.

A sealed question is answered sealed or not at all: who asked and has no key to seal to now counts as gone.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from agents_offchain.messaging.errors import SessionInvalid
from agents_offchain.messaging.host.dispatch import Job
from agents_offchain.messaging.host.outbound import Outbound
from agents_offchain.messaging.host.writing import Writer
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.post import lane_of
from agents_offchain.messaging.protocols.message import MANY, Frame, Message
from agents_offchain.messaging.protocols.voices import Voices
from agents_offchain.messaging.routing.directory import View

log = structlog.get_logger(__name__)


class Replies:
    """See the module."""

    def __init__(self, view: View, writer: Writer, outbound: Outbound, metrics: DeliveryMetrics) -> None:
        self._view = view
        self._writer = writer
        self._outbound = outbound
        self._metrics = metrics

    def answer(self, job: Job, verb: str, body: bytes, sequence: int) -> Frame | None:
        """A part, the reply or the failure of one agent; None when nobody waits for it, or nobody could open it."""
        frames = self._send(job.message, job.agent.id, verb, (body,), sequence, voices=1)
        return frames[0] if frames else None

    def answer_many(self, message: Message, voices: Voices) -> tuple[Frame, ...]:
        """What several agents say, in as few messages as it fits into."""
        return self._send(message, voices.agents[0], MANY, voices.parts(), 0, voices=len(voices.agents))

    def _send(
        self, message: Message, speaker: str, verb: str, bodies: Iterable[bytes], sequence: int, *, voices: int
    ) -> tuple[Frame, ...]:
        host = self._view.host_of(message.header.session)
        if host is None:
            return self._drop(message, voices, "The session that asked is gone.")
        try:
            frames = tuple(self._writer.answer(message, speaker, verb, body, sequence) for body in bodies)
        except SessionInvalid as error:
            return self._drop(message, voices, error.message)
        for frame in frames:
            self._outbound.send(host, lane_of(message.header.priority), frame)
        return frames

    def _drop(self, message: Message, voices: int, reason: str) -> tuple[Frame, ...]:
        log.debug("answer_dropped", message=message.header.id, reason=reason)
        self._metrics.count("late", voices)
        return ()

    def repeat(self, message: Message, reply: Frame) -> None:
        """Say again what was answered before."""
        host = self._view.host_of(message.header.session)
        if host is not None:
            self._outbound.send(host, lane_of(message.header.priority), reply)
