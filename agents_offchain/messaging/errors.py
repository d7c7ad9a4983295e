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


class SessionInvalid(Refused):
    """A session is unknown, not granted by the wallet it speaks for, or did not make this MAC or signature."""


class NoRoute(Retryable):
    """Nobody who is alive offers what was asked for."""


class InboxFull(Retryable):
    """The receiver has more waiting for it than it takes."""


class SenderOverQuota(Retryable):
    """The sender has sent more than the receiver takes from one sender."""


class AskTimedOut(Retryable):
    """No answer came before the deadline."""


class AskFailed(Refused):
    """The agent that was asked says that it cannot; `kind` names its error."""


class HandlerMissing(Refused):
    """No agent here handles this type of message."""
