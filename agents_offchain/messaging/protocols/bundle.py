"""What one host sends another in one go: frames under one MAC.

    sender's session (16) | receiver's session (16) | MAC (32) | MessagePack array of frames

The MAC is HMAC-SHA-256 over everything else under the key of this direction of the link, so a bundle can be neither
altered, nor sent back, nor sent on to a third host. Many messages share one stream entry and one MAC.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import msgspec

from agents_offchain.messaging.errors import EnvelopeInvalid, SessionInvalid
from agents_offchain.messaging.protocols.message import Frame
from agents_offchain.messaging.protocols.session import MAC_BYTES, SessionBook

MAX_BUNDLE_FRAMES = 64
MAX_BUNDLE_BYTES = 512 << 10
_ENDS = 32
_HEAD = _ENDS + MAC_BYTES

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Frame])


def pack(book: SessionBook, receiver: bytes, frames: Sequence[Frame]) -> bytes:
    """A bundle from us to the session `receiver`.

    Raises:
        SessionInvalid: the receiver is unknown.
    """
    ends = book.own.id + receiver
    payload = _encoder.encode(frames)
    return ends + hmac.digest(book.mac_key(receiver, is_ours_first=True), ends + payload, "sha256") + payload


def sender_session(data: bytes) -> bytes:
    """Whose bundle it says it is."""
    return data[:16]


def unpack(book: SessionBook, data: bytes) -> list[Frame]:
    """The frames of a bundle to us.

    Raises:
        EnvelopeInvalid: not a bundle, or too much in it.
        SessionInvalid: for another session, from an unknown one, or its MAC is false.
    """
    if len(data) <= _HEAD or len(data) > MAX_BUNDLE_BYTES + _HEAD:
        raise EnvelopeInvalid("The bytes are not a bundle of messages.")
    if data[16:_ENDS] != book.own.id:
        raise SessionInvalid("The bundle is for another session.")
    key = book.mac_key(data[:16], is_ours_first=False)
    if not hmac.compare_digest(hmac.digest(key, data[:_ENDS] + data[_HEAD:], "sha256"), data[_ENDS:_HEAD]):
        raise SessionInvalid("The bundle's MAC is false.")
    try:
        frames = _decoder.decode(data[_HEAD:])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EnvelopeInvalid("The bundle does not hold messages.") from error
    if len(frames) > MAX_BUNDLE_FRAMES:
        raise EnvelopeInvalid(f"A bundle holds at most {MAX_BUNDLE_FRAMES} messages.")
    return frames
