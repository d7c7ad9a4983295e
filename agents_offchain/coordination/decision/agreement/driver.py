"""Brings a replica to life: mailbox in, `step`, vows kept, signatures, mailbox out.

Everybody reads and writes one topic per question. A message is acknowledged only once the certificate is kept, so a
member that dies hears everything again when it comes back under the same name; what it vowed is in the journal. The
mailbox drops what was published before under the same id, so saying things again costs nothing while all is well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from agents_offchain.coordination.decision.agreement.certificate import Certificate
from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import Certified, Message, Vote, typed
from agents_offchain.coordination.decision.agreement.replica import (
    Event,
    Replica,
    RoundOver,
    SayAgain,
    accept_all,
    step,
)
from agents_offchain.coordination.decision.agreement.verifier import Verifier
from agents_offchain.coordination.decision.agreement.vows import Journal
from agents_offchain.coordination.decision.agreement.wire import decode_message, encode_message
from agents_offchain.coordination.errors import StatementInvalid
from agents_offchain.messaging.mailbox import Delivery, Mailbox
from agents_offchain.messaging.protocols.signature import TypedDataSigner
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import Clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pace:
    """How long a round lasts: `round_seconds * growth ** round`, at most `longest_seconds`.

    Live once messages, signatures and writes of a whole round fit into the longest one.
    """

    round_seconds: float = 2.0
    growth: float = 1.5
    longest_seconds: float = 60.0
    say_again_seconds: float = 1.0

    def seconds_of(self, round_number: int) -> float:
        return float(min(self.round_seconds * self.growth ** min(round_number, 64), self.longest_seconds))


class Chronicle(Protocol):
    """Where ends and lies are kept."""

    async def keep_certificate(self, certificate: Certificate) -> None:
        """Idempotent."""
        ...

    async def keep_evidence(self, question: Question, first: Vote, second: Vote) -> None:
        """Idempotent."""
        ...


@dataclass(frozen=True)
class Ports:
    """What a member needs from the outside; the mailbox's group must be its own."""

    mailbox: Mailbox
    signer: TypedDataSigner
    journal: Journal
    chronicle: Chronicle
    clock: Clock


class Member:
    """One member of one agreement, in this process.

    Args:
        key: Name of the member's key at the signer.
        wish: What it would propose; none to wait for others.
        accepts: Whether a value may be decided; pure, the same on every honest member.
    """

    def __init__(
        self,
        question: Question,
        ports: Ports,
        key: str,
        wish: bytes | None = None,
        *,
        accepts: Callable[[bytes], bool] = accept_all,
        pace: Pace | None = None,
    ) -> None:
        self._question = question
        self._ports = ports
        self._key = key
        self._wish = wish
        self._accepts = accepts
        self._pace = pace or Pace()
        self._clock = ports.clock
        self._verifier = Verifier(question)
        self._topic = topic_of(question)
        self._unacknowledged: list[Delivery] = []
        self._kept: Certificate | None = None
        self._round_ends_at = 0.0
        self._say_again_at = 0.0
        self.replica: Replica | None = None

    async def setup(self) -> None:
        """Take up the vows of an earlier life, and say them again."""
        me = await self._ports.signer.address(self._key)
        vows = await self._ports.journal.load(self._question, me)
        self.replica = Replica(self._question, me, self._wish, self._accepts, vows)
        self._start_round()
        await self._handle(SayAgain())

    async def step(self, *, wait_seconds: float = 0.1) -> Certificate | None:
        """Hear what there is, for at most `wait_seconds`; the certificate once it is kept.

        Raises:
            VowBroken: another process uses this key; stop.
            DecisionConflict: more members are faulty than the council bears; stop and tell a person.
            BusUnavailable: try again.
        """
        deliveries = await self._ports.mailbox.receive(self._topic, wait_seconds=wait_seconds)
        for delivery in deliveries:
            await self._hear(delivery.payload)
        self._unacknowledged += deliveries
        await self._look_at_the_clock()
        certificate = self._current().certificate
        if certificate is not None and (certificate is not self._kept or deliveries):
            await self._ports.chronicle.keep_certificate(certificate)
            await self._ports.mailbox.acknowledge(self._topic, self._unacknowledged)
            self._kept, self._unacknowledged = certificate, []
        return certificate

    async def _hear(self, payload: bytes) -> None:
        try:
            message = decode_message(payload, self._question)
            self._verifier.require(message)
        except StatementInvalid as error:
            log.info("agreement_message_refused", reason=error.message, proposal=self._question.proposal.hex())
            return
        await self._handle(message)

    async def _look_at_the_clock(self) -> None:
        now = self._clock.now_seconds()
        if now >= self._say_again_at:
            self._say_again_at = now + self._pace.say_again_seconds
            await self._handle(SayAgain())
        if now >= self._round_ends_at:
            self._round_ends_at = now + self._pace.longest_seconds
            await self._handle(RoundOver(self._current().vows.round))

    async def _handle(self, event: Event) -> None:
        """Vows are kept before anything is signed, and heard by oneself as by others."""
        events: deque[Event] = deque([event])
        while events:
            before = self._current()
            done = step(before, events.popleft())
            if done.replica.vows != before.vows:
                await self._ports.journal.keep(self._question, before.me, done.replica.vows)
            self.replica = done.replica
            for first, second in done.evidence:
                await self._ports.chronicle.keep_evidence(self._question, first, second)
            if done.replica.vows.round != before.vows.round:
                self._start_round()
            for message in done.send:
                events += await self._tell(message)

    async def _tell(self, message: Message) -> list[Event]:
        """Publish; what was newly signed is also an event for oneself."""
        if isinstance(message, Certified) or message.signature:
            await self._publish(message)
            return []
        type_name, fields, values = typed(self._question, message)
        signature = await self._ports.signer.sign_typed(self._key, self._question.domain, type_name, fields, values)
        signed = replace(message, signature=signature)
        await self._publish(signed)
        return [signed]

    async def _publish(self, message: Message) -> None:
        payload = encode_message(message)
        await self._ports.mailbox.publish(self._topic, sha256(payload).hex(), payload)

    def _start_round(self) -> None:
        now = self._clock.now_seconds()
        self._round_ends_at = now + self._pace.seconds_of(self._current().vows.round)
        self._say_again_at = now + self._pace.say_again_seconds

    def _current(self) -> Replica:
        if self.replica is None:
            raise RuntimeError("setup comes first")
        return self.replica


def topic_of(question: Question) -> str:
    """Where the members of a question talk."""
    return f"agreement/{question.council.council_id.hex()[:16]}/{question.proposal.hex()}"
