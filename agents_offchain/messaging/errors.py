"""What can go wrong between two who talk."""

from __future__ import annotations

from agents_offchain.primitives.errors import Fatal, Refused, Retryable


class BusUnavailable(Retryable):
    """The message server does not answer, is loading, or is out of memory or disk."""


class BusMisused(Fatal):
    """The message server rejects our command: another type of key, or a server that is too old."""


class BusBinaryMissing(Fatal):
    """The embedded message server cannot be found for this machine."""


class EnvelopeInvalid(Refused):
    """The bytes are no envelope, or one that is too large, malformed or not signed by its sender."""


class EnvelopeExpired(Refused):
    """The envelope's time is over, or it claims to come from the future."""


class EnvelopeReplayed(Refused):
    """The sender used this nonce before, for another message."""
