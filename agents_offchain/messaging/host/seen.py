"""What a host has been given before: a message is acted on once, its answer is repeated, a false copy is refused.

The transport delivers at least once and senders send again, so the same message under the same id is a repetition: its
reply is sent again, or it is still being worked on. Another message under that id is a replay and refused. Memory ends
with each message's own time, after which time refuses it; above `capacity` the oldest are forgotten first. It ends with
the process too, so an effect that must not happen twice goes through `once.Once`.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.messaging.errors import EnvelopeReplayed
from agents_offchain.messaging.protocols.message import Frame, Header

CAPACITY = 200_000
MOST_REPLY_BYTES = 64 << 20


@dataclass(slots=True)
class Handled:
    """One message: `content` names it, `replies` are what was answered."""

    content: bytes
    expires: int
    replies: tuple[Frame, ...] = ()
    is_done: bool = False


class Seen:
    """Messages by receiver, sender and id."""

    def __init__(self, capacity: int = CAPACITY, most_reply_bytes: int = MOST_REPLY_BYTES) -> None:
        self._capacity = capacity
        self._most_reply_bytes = most_reply_bytes
        self._reply_bytes = 0
        self._held: dict[tuple[str, str, str], Handled] = {}

    def __len__(self) -> int:
        return len(self._held)

    def admit(self, receiver: str, header: Header) -> Handled | None:
        """None for a message that is new here; what is known of it otherwise.

        Raises:
            EnvelopeReplayed: the sender used this id for another message.
        """
        key = (receiver, header.sender, header.id)
        held = self._held.get(key)
        if held is None:
            if len(self._held) >= self._capacity:
                self._forget(next(iter(self._held)))
            self._held[key] = Handled(header.digest, header.expires)
            return None
        if held.content != header.digest or held.expires != header.expires:
            raise EnvelopeReplayed("The sender used this id for another message.", message_id=header.id)
        return held

    def keep_replies(self, receiver: str, header: Header, replies: tuple[Frame, ...]) -> None:
        """The message was acted on."""
        held = self._held.get((receiver, header.sender, header.id))
        if held is None:
            return
        held.is_done = True
        size = sum([reply.size for reply in replies])
        if self._reply_bytes + size <= self._most_reply_bytes:
            held.replies = replies
            self._reply_bytes += size

    def let_go(self, receiver: str, header: Header) -> None:
        """It was not acted on after all: the next delivery is new."""
        key = (receiver, header.sender, header.id)
        if key in self._held:
            self._forget(key)

    def sweep(self, now_ms: int) -> None:
        """Forget what has expired."""
        for key in [key for key, held in self._held.items() if held.expires <= now_ms]:
            self._forget(key)

    def _forget(self, key: tuple[str, str, str]) -> None:
        held = self._held.pop(key)
        self._reply_bytes -= sum([reply.size for reply in held.replies])
