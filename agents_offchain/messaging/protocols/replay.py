"""A nonce is good for one message: what a receiver remembers to refuse a replay.

The transport repeats messages (at least once), so the same message again is no replay but a repetition; a
nonce that comes with another message is. Memory is bounded by the envelopes' own expiry and by a cap. It
does not survive a restart, so effects must be idempotent by message id in the database as well.
"""

from __future__ import annotations

import heapq

from agents_offchain.messaging.errors import EnvelopeReplayed
from agents_offchain.messaging.protocols.envelope import Envelope

MAX_REMEMBERED = 100_000


class ReplayGuard:
    """Remembers nonces by sender until their envelopes expire.

    Args:
        capacity: Most nonces kept; above it those that expire first are forgotten.
    """

    def __init__(self, capacity: int = MAX_REMEMBERED) -> None:
        self._capacity = capacity
        self._seen: dict[tuple[bytes, bytes], bytes] = {}
        self._expiries: list[tuple[int, tuple[bytes, bytes]]] = []

    def admit(self, envelope: Envelope, *, now_seconds: float) -> bool:
        """True for a message seen for the first time, False for a repetition of the same.

        Raises:
            EnvelopeReplayed: the nonce belonged to another message of this sender.
        """
        self._forget(now_seconds)
        key, content = (envelope.sender, envelope.nonce), envelope.content_hash()
        held = self._seen.get(key)
        if held is None:
            self._seen[key] = content
            heapq.heappush(self._expiries, (envelope.expires, key))
            return True
        if held != content:
            raise EnvelopeReplayed("The sender used this nonce for another message.", message_id=envelope.id)
        return False

    def __len__(self) -> int:
        return len(self._seen)

    def _forget(self, now_seconds: float) -> None:
        while self._expiries and (self._expiries[0][0] <= now_seconds or len(self._seen) >= self._capacity):
            _, key = heapq.heappop(self._expiries)
            self._seen.pop(key, None)
