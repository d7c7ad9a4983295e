"""End-to-end encryption of a body: only the receiving session can read it, whoever runs the server.

    nonce (24) | tag (16) | ciphertext        XChaCha20-Poly1305 (RFC 8439 with the extended nonce of libsodium)

The key is derived from the X25519 secret of the two sessions and their order; id, sender, target and type are bound
as associated data. Keys rotate with the sessions: each new session has new keys, and a closed one reads nothing more.
"""

from __future__ import annotations

import os

from Crypto.Cipher import ChaCha20_Poly1305

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.message import Header
from agents_offchain.messaging.protocols.session import SessionBook

_NONCE, _TAG = 24, 16


def seal_body(book: SessionBook, receiver: bytes, context: bytes, body: bytes) -> bytes:
    """Encrypt for the session `receiver`; `context` from `context_of`."""
    nonce = os.urandom(_NONCE)
    cipher = ChaCha20_Poly1305.new(key=book.box_key(receiver, book.own.id, receiver), nonce=nonce)
    cipher.update(context)
    ciphertext, tag = cipher.encrypt_and_digest(body)
    return nonce + tag + ciphertext


def open_body(book: SessionBook, header: Header, body: bytes) -> bytes:
    """Decrypt what `header.session` sealed for us.

    Raises:
        EnvelopeInvalid: for another session, or somebody altered it.
    """
    if header.sealed_for != book.own.id or len(body) < _NONCE + _TAG:
        raise EnvelopeInvalid("The body is sealed for another session.", message_id=header.id)
    key = book.box_key(header.session, header.session, book.own.id)
    cipher = ChaCha20_Poly1305.new(key=key, nonce=body[:_NONCE])
    cipher.update(context_of(header.id, header.sender, header.target, header.type))
    try:
        return cipher.decrypt_and_verify(body[_NONCE + _TAG :], body[_NONCE : _NONCE + _TAG])
    except ValueError as error:
        raise EnvelopeInvalid("The sealed body cannot be opened.", message_id=header.id) from error


def context_of(message_id: str, sender: str, target: str, kind: str) -> bytes:
    """What a sealed body is bound to; line feeds occur in none of them."""
    return "\n".join((message_id, sender, target, kind)).encode()
