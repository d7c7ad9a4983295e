"""Answers on their way back: to the host that has the session which asked, and to nobody when that is gone."""

from __future__ import annotations

from agents_offchain.messaging.host.dispatch import Job
from agents_offchain.messaging.host.outbound import Outbound
from agents_offchain.messaging.host.writing import Writer
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.post import lane_of
from agents_offchain.messaging.protocols.message import MANY, Frame, Message
from agents_offchain.messaging.protocols.voices import Voices
from agents_offchain.messaging.routing.directory import View


class Replies:
    """See the module."""

    def __init__(self, view: View, writer: Writer, outbound: Outbound, metrics: DeliveryMetrics) -> None:
        self._view = view
        self._writer = writer
        self._outbound = outbound
        self._metrics = metrics

    def answer(self, job: Job, verb: str, body: bytes, sequence: int) -> Frame | None:
        """A part, the reply or the failure of one agent; None when nobody waits for it."""
        host = self._view.host_of(job.message.header.session)
        if host is None:
            self._metrics.count("late")
            return None
        frame = self._writer.answer(job.message, job.agent.id, verb, body, sequence)
        self._outbound.send(host, lane_of(job.message.header.priority), frame)
        return frame

    def answer_many(self, message: Message, voices: Voices) -> tuple[Frame, ...]:
        """What several agents say, in as few messages as it fits into."""
        host = self._view.host_of(message.header.session)
        if host is None:
            self._metrics.count("late", len(voices.agents))
            return ()
        speaker = voices.agents[0]
        frames = tuple(self._writer.answer(message, speaker, MANY, body, 0) for body in voices.parts())
        for frame in frames:
            self._outbound.send(host, lane_of(message.header.priority), frame)
        return frames

    def repeat(self, message: Message, reply: Frame) -> None:
        """Say again what was answered before."""
        host = self._view.host_of(message.header.session)
        if host is not None:
            self._outbound.send(host, lane_of(message.header.priority), reply)
