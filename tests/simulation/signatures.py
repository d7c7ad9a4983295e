"""Signatures that cost one hash: unforgeable as long as nobody but `Forge` reads the secret."""

from __future__ import annotations

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.primitives.canonical import sha256

_SECRET = b"only the simulated signer knows this"


def sign(member: bytes, digest: bytes) -> bytes:
    """65 bytes: who, and a tag that binds who to what."""
    return member + sha256(_SECRET + member + digest) + b"\x00" * 12 + b"\x1b"


def recover(digest: bytes, signature: bytes) -> bytes:
    """Who signed; raises EnvelopeInvalid as the real one does."""
    member = signature[:20]
    if signature != sign(member, digest):
        raise EnvelopeInvalid("No key made this signature.")
    return member
