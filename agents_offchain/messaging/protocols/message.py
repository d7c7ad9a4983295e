"""The message: who says what to whom in which conversation, in one canonical form of bytes.

    header (MessagePack array) ── names the body by its SHA2-256 ──► body (JSON, or a sealed box)
        ▲
        └── what authenticates it covers the header: a link's MAC, a session's signature (`session`), or, where a
            third party must be convinced, a wallet's signature over the older `envelope`

Bytes enter at `read_frame`: form, size, canonical form, digest and time are checked there; who sent them is
`session`'s matter, whether they were seen before `replay`'s. `hops` stands outside the header, since relays raise it.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from agents_offchain.messaging.errors import EnvelopeExpired, EnvelopeInvalid
from agents_offchain.messaging.protocols.envelope import CLOCK_SKEW_SECONDS, MAX_LIFE_SECONDS

VERSION = 2
MAX_MESSAGE_BYTES = 256 << 10
"""Header, body and signature together; what is larger is stored as an artifact and named by its CID."""
MAX_HOPS = 8
URGENT, NORMAL, BULK = 9, 5, 0

ASK, TELL, EVENT = "ask", "tell", "event"
REPLY, FAIL, PART, CANCEL = "reply", "fail", "part", "cancel"
MANY = "many"
"""Replies and failures of many agents of one host to one broadcast; see `voices`."""
VERBS = frozenset({ASK, TELL, EVENT, REPLY, FAIL, PART, CANCEL, MANY})
ANSWERS = frozenset({REPLY, FAIL, PART})

EVERYONE = "all"
_CAPABILITY = "capability:"

_NAME = r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"
_AGENT_ID = r"[a-z0-9][a-z0-9._-]{0,62}@0x[0-9a-f]{40}"
_TYPE = r"[a-z0-9][a-z0-9._-]*/[0-9]{1,4}"
_TRACE = r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
_are_words = re.compile(rf"{_NAME}\n{_TYPE}\n{_AGENT_ID}\n{_NAME}\n(?:{_NAME})?\n(?:{_NAME})?\n(?:{_TRACE})?").fullmatch
"""One look at all words of a header, a line each; no word can hold the end of a line, so none can pass for two. Seven
looks take six times as long, which was the largest part of reading a message."""
AgentId = Annotated[str, msgspec.Meta(max_length=106, pattern=f"^{_AGENT_ID}$")]
Word = Annotated[str, msgspec.Meta(max_length=160)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
SessionId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What is authenticated. Times are unix milliseconds. `read_header` checks the form of the words.

    Attributes:
        verb: What it does in a conversation, one of `VERBS`.
        type: Kind and version of the body, such as `summarise/1`.
        sender: `name@0x<wallet>`; the session must be granted by that wallet.
        target: `name@0x<wallet>`, `capability:<name>`, `topic:<name>` or `all`.
        correlation: Id of the question that this belongs to; for a question, of the first one of its tree.
        causation: Id of the message that led to this one.
        session: Whose keys authenticate it.
        priority: 0 (bulk) to 9 (urgent).
        sequence: Place among the parts of one answer.
        sealed_for: The sealing key that opens the body; empty when anybody may read it.
        digest: SHA2-256 of the body as it travels.
        trace: W3C trace context.
    """

    version: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)]
    verb: Annotated[str, msgspec.Meta(max_length=8)]
    id: Word
    type: Annotated[str, msgspec.Meta(max_length=80)]
    sender: Annotated[str, msgspec.Meta(max_length=106)]
    target: Word
    correlation: Word
    causation: Word
    session: SessionId
    priority: Annotated[int, msgspec.Meta(ge=0, le=9)]
    created: Milliseconds
    expires: Milliseconds
    sequence: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    sealed_for: Annotated[bytes, msgspec.Meta(max_length=16)]
    digest: Digest
    trace: Annotated[str, msgspec.Meta(max_length=55)]


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A message as it travels; `signature` is the session's, empty where the link authenticates."""

    header: bytes
    body: bytes
    hops: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    signature: Annotated[bytes, msgspec.Meta(max_length=64)] = b""

    @property
    def size(self) -> int:
        return len(self.header) + len(self.body) + len(self.signature)


class Message(msgspec.Struct, frozen=True, gc=False):
    """A frame that has been read: its header, and the body's bytes."""

    header: Header
    body: bytes
    hops: int = 0

    def data(self) -> Any:
        """The body as JSON data.

        Raises:
            EnvelopeInvalid: it is none.
        """
        return decode_body(self.body)


_header_encoder = msgspec.msgpack.Encoder()
_header_decoder = msgspec.msgpack.Decoder(Header)
_body_encoder = msgspec.json.Encoder(order="deterministic")
_body_decoder = msgspec.json.Decoder()


def new_id() -> str:
    """128 random bits."""
    return os.urandom(16).hex()


def encode_body(data: Any) -> bytes:
    """JSON with sorted keys.

    Raises:
        EnvelopeInvalid: data that JSON cannot carry.
    """
    try:
        return _body_encoder.encode(data)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise EnvelopeInvalid(f"The body cannot be written as JSON: {error}.") from error


def decode_body(body: bytes) -> Any:
    """Raises EnvelopeInvalid when the bytes are not JSON."""
    try:
        return _body_decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EnvelopeInvalid("The body is not JSON.") from error


def encode_header(header: Header) -> bytes:
    """The canonical bytes: what MACs and signatures cover."""
    return _header_encoder.encode(header)


def body_digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def write_frame(header: Header, body: bytes) -> Frame:
    """A frame without a signature.

    Raises:
        EnvelopeInvalid: larger than travels.
    """
    frame = Frame(encode_header(header), body)
    _require_size(frame)
    return frame


def read_header(frame: Frame) -> Header:
    """A frame's header by its form alone. Raises EnvelopeInvalid when it has none."""
    try:
        it = _header_decoder.decode(frame.header)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EnvelopeInvalid("The bytes are not a message.") from error
    if not _are_words(f"{it.id}\n{it.type}\n{it.sender}\n{it.target}\n{it.correlation}\n{it.causation}\n{it.trace}"):
        raise EnvelopeInvalid("The bytes are not a message.")
    return it


def read_frame(frame: Frame, *, now_ms: int) -> Message:
    """Check form, size, digest and time of a frame from anybody.

    Raises:
        EnvelopeInvalid: not a message, not in canonical form, not with this body, or relayed too often.
        EnvelopeExpired: too late, too early, or a longer life than allowed.
    """
    _require_size(frame)
    header = read_header(frame)
    if header.verb not in VERBS or _header_encoder.encode(header) != frame.header:
        raise EnvelopeInvalid("The message is not in its canonical form.")
    if header.digest != hashlib.sha256(frame.body).digest():
        raise EnvelopeInvalid("The body is not the one that the header names.", message_id=header.id)
    if frame.hops > MAX_HOPS:
        raise EnvelopeInvalid(f"The message was relayed more than {MAX_HOPS} times.", message_id=header.id)
    require_current(header, now_ms)
    return Message(header, frame.body, frame.hops)


def require_current(header: Header, now_ms: int) -> None:
    """Raises EnvelopeExpired when the message's time is over, has not come, or is too long."""
    if header.expires <= now_ms:
        raise EnvelopeExpired("The message's time is over.", message_id=header.id, expires=header.expires)
    if header.created > now_ms + CLOCK_SKEW_SECONDS * 1000:
        raise EnvelopeExpired("The message comes from the future.", message_id=header.id, created=header.created)
    if not 0 < header.expires - header.created <= MAX_LIFE_SECONDS * 1000:
        raise EnvelopeExpired(f"A message lives at most {MAX_LIFE_SECONDS} s.", message_id=header.id)


def _require_size(frame: Frame) -> None:
    size = frame.size
    if size > MAX_MESSAGE_BYTES:
        raise EnvelopeInvalid(
            f"The message has {size} bytes; at most {MAX_MESSAGE_BYTES} travel.",
            mend="Store the large part as an artifact and send its CID.",
        )


def capability_of(target: str) -> str:
    """The name in `capability:<name>`; empty for another target."""
    return target.removeprefix(_CAPABILITY) if target.startswith(_CAPABILITY) else ""


@lru_cache(maxsize=65_536)
def wallet_of(agent_id: str) -> bytes:
    """The 20 bytes behind `name@0x...`."""
    return bytes.fromhex(agent_id.rpartition("@0x")[2])


def agent_id_of(name: str, wallet: bytes) -> str:
    """`name@0x<wallet>`: the name is the wallet's own matter, so nobody can take another's."""
    return f"{name}@0x{wallet.hex()}"
