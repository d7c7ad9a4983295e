"""How messages of a host are made: ids, times, conversation, trace, sealing and signatures."""

from __future__ import annotations

import os
import random

import msgspec

from agents_offchain.messaging.protocols.message import (
    ASK,
    VERSION,
    Frame,
    Header,
    Message,
    body_digest,
    write_frame,
)
from agents_offchain.messaging.protocols.sealed_body import context_of, seal_body
from agents_offchain.messaging.protocols.session import SessionBook
from agents_offchain.primitives.clock import Clock

ANSWER_SECONDS = 60
"""How much longer than its question an answer may be under way; what is later is of no use."""


class Draft(msgspec.Struct, frozen=True, gc=False):
    """What a sender says, before it is a message."""

    verb: str
    kind: str
    sender: str
    target: str
    body: bytes
    lives_seconds: float
    priority: int = 5
    cause: Message | None = None


class Writer:
    """Makes the messages of one host. Ids are a random prefix of this process and a count."""

    def __init__(self, book: SessionBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._prefix = os.urandom(10).hex()
        self._count = 0
        self._random = random.Random(os.urandom(16))  # noqa: S311 (names spans, guards nothing)

    def next_id(self) -> str:
        self._count += 1
        return f"{self._prefix}.{self._count:x}"

    def write(
        self,
        draft: Draft,
        *,
        sealed_to: bytes = b"",
        message_id: str = "",
        expires_ms: int = 0,
        causation: str = "",
    ) -> tuple[Header, Frame]:
        """A new message; its body is readable by the host of the session `sealed_to` alone when one is named.

        Args:
            message_id: Of a message that is said to several; else a new one.
            expires_ms: When it ends, instead of the draft's life.
            causation: What it is about, when no cause is at hand.

        Raises:
            EnvelopeInvalid: larger than travels.
            SessionInvalid: the host it should be sealed for has no key to seal to.
        """
        message_id = message_id or self.next_id()
        cause = draft.cause.header if draft.cause is not None else None
        sealed_for, body = b"", draft.body
        if sealed_to:
            context = context_of(message_id, draft.sender, draft.target, draft.kind)
            sealed_for, body = self._seal(sealed_to, context, body)
        now = int(self._clock.now_seconds() * 1000)
        expires = expires_ms or now + max(int(draft.lives_seconds * 1000), 1)
        header = Header(
            VERSION,
            draft.verb,
            message_id,
            draft.kind,
            draft.sender,
            draft.target,
            _conversation(cause, message_id, draft.verb),
            causation or (cause.id if cause is not None else ""),
            self._book.own.id,
            draft.priority,
            now,
            min(expires, cause.expires) if cause is not None else expires,
            0,
            sealed_for,
            body_digest(body),
            self._trace(cause),
        )
        return header, write_frame(header, body)

    def answer(self, question: Message, sender: str, verb: str, body: bytes, sequence: int) -> Frame:
        """A part, the reply or the failure of a question; sealed when the question was."""
        asked = question.header
        message_id = self.next_id()
        sealed_for = b""
        if asked.sealed_for:
            context = context_of(message_id, sender, asked.sender, asked.type)
            sealed_for, body = self._seal(asked.session, context, body)
        now = int(self._clock.now_seconds() * 1000)
        header = Header(
            VERSION,
            verb,
            message_id,
            asked.type,
            sender,
            asked.sender,
            asked.correlation,
            asked.id,
            self._book.own.id,
            asked.priority,
            now,
            max(asked.expires, now) + ANSWER_SECONDS * 1000,
            sequence,
            sealed_for,
            body_digest(body),
            self._trace(asked),
        )
        return write_frame(header, body)

    def signed(self, frame: Frame) -> Frame:
        """The frame with our session's signature, for readers that share no secret with us."""
        return Frame(frame.header, frame.body, frame.hops, self._book.own.sign(frame.header))

    def _seal(self, session: bytes, context: bytes, body: bytes) -> tuple[bytes, bytes]:
        """(id of the key, sealed body)."""
        seal = self._book.seal_of(session, self._clock.now_seconds())
        return seal.id, seal_body(self._book.ring, seal, context, body)

    def _trace(self, cause: Header | None) -> str:
        """W3C trace context: the same trace as what caused it, a new span."""
        span = self._random.getrandbits(64)
        if cause is not None and cause.trace:
            return f"{cause.trace[:36]}{span:016x}-01"
        return f"00-{self._random.getrandbits(128):032x}-{span:016x}-01"


def _conversation(cause: Header | None, message_id: str, verb: str) -> str:
    if cause is None:
        return message_id if verb == ASK else ""
    return cause.correlation or cause.id
