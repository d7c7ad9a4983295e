"""End-to-end encryption of a body: only the receiving host can read it, whoever runs the server.

    sender's sealing key (32) | nonce (24) | tag (16) | ciphertext

XChaCha20-Poly1305 (RFC 8439 with the extended nonce of libsodium) under a key derived from the X25519 secret of the
two sealing keys; id, sender, target and type are bound as associated data. That the sender's key is the sender's says
the MAC or signature over the message, which covers the body's digest. The keys change: see `sealing_keys`.
"""

from __future__ import annotations

import hmac
import os

from Crypto.Cipher import ChaCha20_Poly1305

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.message import Header
from agents_offchain.messaging.protocols.sealing_keys import PublicSeal, SealRing

_KEY, _NONCE, _TAG = 32, 24, 16
_HEAD = _KEY + _NONCE + _TAG
_LABEL = b"aitbc.box/2"


def seal_body(ring: SealRing, receiver: PublicSeal, context: bytes, body: bytes) -> bytes:
    """Encrypt for the holder of `receiver`; `context` from `context_of`."""
    ours, nonce = ring.newest, os.urandom(_NONCE)
    key = _box_key(ours.agree(receiver.public), ours.public, receiver.public)
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    cipher.update(context)
    ciphertext, tag = cipher.encrypt_and_digest(body)
    return ours.public + nonce + tag + ciphertext


def open_body(ring: SealRing, header: Header, body: bytes) -> bytes:
    """Decrypt what was sealed for one of our keys.

    Raises:
        EnvelopeInvalid: for another's key or one that is forgotten, or somebody altered it.
    """
    ours = ring.key(header.sealed_for)
    if ours is None or len(body) < _HEAD:
        raise EnvelopeInvalid("The body is sealed for a key that is not here, or no more.", message_id=header.id)
    theirs, nonce, tag = body[:_KEY], body[_KEY : _KEY + _NONCE], body[_KEY + _NONCE : _HEAD]
    cipher = ChaCha20_Poly1305.new(key=_box_key(ours.agree(theirs), theirs, ours.public), nonce=nonce)
    cipher.update(context_of(header.id, header.sender, header.target, header.type))
    try:
        return cipher.decrypt_and_verify(body[_HEAD:], tag)
    except ValueError as error:
        raise EnvelopeInvalid("The sealed body cannot be opened.", message_id=header.id) from error


def context_of(message_id: str, sender: str, target: str, kind: str) -> bytes:
    """What a sealed body is bound to; line feeds occur in none of them."""
    return "\n".join((message_id, sender, target, kind)).encode()


def _box_key(secret: bytes, sender: bytes, receiver: bytes) -> bytes:
    return hmac.digest(secret, _LABEL + sender + receiver, "sha256")
