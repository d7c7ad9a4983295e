"""Carries the oracle's messages: signs and sends ours, opens and checks those of others.

What is no valid message is dropped and said once in the log. A message stays with the bus until the
caller says that it was acted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from agents_offchain.messaging.errors import EnvelopeExpired, EnvelopeInvalid, EnvelopeReplayed
from agents_offchain.messaging.mailbox import Delivery, Mailbox
from agents_offchain.messaging.protocols.envelope import Envelope, decode_envelope, encode_envelope, sign_envelope
from agents_offchain.messaging.protocols.replay import ReplayGuard
from agents_offchain.messaging.protocols.signature import TypedDataSigner
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.eip712 import Domain
from oracle.rounds import Commit, Reveal, read_message

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Mail:
    """A checked message and the delivery to acknowledge."""

    message: Commit | Reveal
    delivery: Delivery


class Courier:
    """One reader and writer of an oracle's topic.

    Args:
        domain: EIP-712 domain of the envelopes.
        key: Name in the signer of the key that signs ours; None for who only listens.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        topic: str,
        domain: Domain,
        signer: TypedDataSigner,
        key: str | None,
        clock: Clock,
    ) -> None:
        self._mailbox = mailbox
        self.topic = topic
        self._domain = domain
        self._signer = signer
        self._key = key
        self._clock = clock
        self._replays = ReplayGuard()

    async def send(self, envelope: Envelope) -> None:
        """Sign and publish; the same envelope again is published once."""
        assert self._key is not None, "a listener sends nothing"
        signed = await sign_envelope(envelope, self._domain, self._signer, self._key)
        await self._mailbox.publish(self.topic, signed.content_hash().hex(), encode_envelope(signed))

    async def collect(self, *, limit: int = 64, wait_seconds: float = 0.0) -> list[Mail]:
        """Messages to act on; broken ones are acknowledged and gone."""
        deliveries = await self._mailbox.receive(self.topic, limit=limit, wait_seconds=wait_seconds)
        mail: list[Mail] = []
        broken: list[Delivery] = []
        for delivery in deliveries:
            message = self._open(delivery)
            if message is None:
                broken.append(delivery)
            else:
                mail.append(Mail(message, delivery))
        await self.done(broken)
        return mail

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """These were acted on."""
        await self._mailbox.acknowledge(self.topic, deliveries)

    def _open(self, delivery: Delivery) -> Commit | Reveal | None:
        now = self._clock.now_seconds()
        try:
            envelope = decode_envelope(delivery.payload, self._domain, now_seconds=now)
            if envelope.target != self.topic:
                raise EnvelopeInvalid("The envelope was written for another topic.")
            self._replays.admit(envelope, now_seconds=now)
            return read_message(envelope)
        except (EnvelopeInvalid, EnvelopeExpired, EnvelopeReplayed) as error:
            log.warning("message_dropped", topic=self.topic, position=delivery.position, **error.as_dict())
            return None
