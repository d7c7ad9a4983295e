"""The signed envelope that every message between agents travels in.

    canonical JSON of all fields but the signature ──sha-256──► EIP-712 `Envelope` ──► 65-byte signature

The sender is who the signature recovers to; the field only has to agree. Decoding checks form, size,
signature and time; whether a nonce was seen before is `replay.py`'s matter, since it needs memory.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.messaging.errors import EnvelopeExpired, EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import TypedDataSigner, recover_signer
from agents_offchain.primitives.canonical import DocumentInvalid, canonical_json, sha256
from agents_offchain.primitives.eip712 import Domain, typed_data_digest
from agents_offchain.primitives.eip712 import Field as TypedField
from agents_offchain.primitives.hexes import decode_hex, encode_hex

SCHEMA = "aitbc.envelope/1"
MAX_ENVELOPE_BYTES = 64 << 10
MAX_LIFE_SECONDS = 7 * 86_400
CLOCK_SKEW_SECONDS = 30
"""How far ahead of our clock a sender's may run."""

DOMAIN_NAME = "AITBC Envelope"
DOMAIN_VERSION = "1"
ENVELOPE_TYPE = "Envelope"
ENVELOPE_FIELDS: tuple[TypedField, ...] = (
    ("sender", "address"),
    ("content", "bytes32"),
    ("expiresAt", "uint64"),
)

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$"


@dataclass(frozen=True)
class Envelope:
    """One message. Times are unix seconds, `sender` 20 bytes, `nonce` 16 bytes, `signature` 65 or none yet.

    Attributes:
        id: Names the message; sent again after a failure it keeps its id.
        type: Kind and version of the body, such as `oracle.commit/1`.
        target: Whom it is for: an agent, a topic, or `*`.
        correlation: Id of the conversation; causation: id of the message that led to this one.
        priority: 0 (bulk) to 9 (urgent).
        body: JSON data.
    """

    id: str
    type: str
    sender: bytes
    target: str
    created: int
    expires: int
    body: dict[str, Any]
    correlation: str = ""
    causation: str = ""
    priority: int = 5
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    signature: bytes = b""

    def content(self) -> dict[str, Any]:
        """What is signed, as JSON data."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "type": self.type,
            "sender": encode_hex(self.sender),
            "target": self.target,
            "correlation": self.correlation,
            "causation": self.causation,
            "priority": self.priority,
            "created": self.created,
            "expires": self.expires,
            "nonce": encode_hex(self.nonce),
            "body": self.body,
        }

    def content_hash(self) -> bytes:
        """SHA2-256 of the canonical bytes of everything but the signature."""
        return sha256(canonical_json(self.content()))

    def typed_values(self) -> tuple[Any, ...]:
        return (self.sender, self.content_hash(), self.expires)


class _Wire(BaseModel):
    """An envelope as it stands in bytes from outside."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True)

    schema_: Literal["aitbc.envelope/1"] = Field(alias="schema")
    id: str = Field(min_length=1, max_length=200, pattern=_NAME)
    type: str = Field(min_length=1, max_length=80, pattern=_NAME)
    sender: str = Field(pattern=r"^0x[0-9a-f]{40}$")
    target: str = Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")
    correlation: str = Field(max_length=200)
    causation: str = Field(max_length=200)
    priority: int = Field(ge=0, le=9)
    created: int = Field(ge=0, lt=2**53)
    expires: int = Field(ge=0, lt=2**53)
    nonce: str = Field(pattern=r"^0x[0-9a-f]{32}$")
    body: dict[str, Any]
    signature: str = Field(pattern=r"^0x[0-9a-f]{130}$")


def envelope_domain(chain_id: int, contract: bytes) -> Domain:
    """The EIP-712 domain of messages about one deployment; `contract` is 20 bytes."""
    return Domain(DOMAIN_NAME, DOMAIN_VERSION, chain_id, contract)


async def sign_envelope(envelope: Envelope, domain: Domain, signer: TypedDataSigner, key: str) -> Envelope:
    """The envelope with its signature.

    Raises:
        EnvelopeInvalid: `key` is not the sender's, or the envelope would be refused by a receiver.
    """
    values = envelope.typed_values()
    signature = await signer.sign_typed(key, domain, ENVELOPE_TYPE, ENVELOPE_FIELDS, values)
    signed = replace(envelope, signature=signature)
    decode_envelope(encode_envelope(signed), domain, now_seconds=envelope.created)
    return signed


def encode_envelope(envelope: Envelope) -> bytes:
    """Canonical bytes of a signed envelope.

    Raises:
        EnvelopeInvalid: more than 64 KiB, or a body that JSON cannot carry.
    """
    try:
        data = canonical_json({**envelope.content(), "signature": encode_hex(envelope.signature)})
    except (DocumentInvalid, UnicodeEncodeError, RecursionError) as error:
        raise EnvelopeInvalid(f"The envelope cannot be written: {error}") from error
    if len(data) > MAX_ENVELOPE_BYTES:
        raise EnvelopeInvalid(
            f"The envelope has {len(data)} bytes; at most {MAX_ENVELOPE_BYTES} travel.",
            mend="Store the large part as an artifact and send its CID.",
        )
    return data


def decode_envelope(data: bytes, domain: Domain, *, now_seconds: float) -> Envelope:
    """Read bytes from anybody: form, size, signature and time are checked.

    Raises:
        EnvelopeInvalid: not an envelope, or not signed by its sender.
        EnvelopeExpired: too late, too early, or a longer life than allowed.
    """
    if len(data) > MAX_ENVELOPE_BYTES:
        raise EnvelopeInvalid(f"The envelope has {len(data)} bytes; at most {MAX_ENVELOPE_BYTES} are read.")
    try:
        wire = _Wire.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        raise EnvelopeInvalid("The bytes are not an envelope.") from error
    envelope = _from_wire(wire)
    try:
        digest = typed_data_digest(domain, ENVELOPE_TYPE, ENVELOPE_FIELDS, envelope.typed_values())
    except (DocumentInvalid, UnicodeEncodeError, RecursionError) as error:
        raise EnvelopeInvalid("The envelope's body is not plain JSON.") from error
    if recover_signer(digest, envelope.signature) != envelope.sender:
        raise EnvelopeInvalid("The envelope is not signed by its sender.")
    _require_current(envelope, now_seconds)
    return envelope


def _require_current(envelope: Envelope, now_seconds: float) -> None:
    if envelope.expires <= now_seconds:
        raise EnvelopeExpired("The envelope's time is over.", expires=envelope.expires)
    if envelope.created > now_seconds + CLOCK_SKEW_SECONDS:
        raise EnvelopeExpired("The envelope comes from the future.", created=envelope.created)
    if not 0 < envelope.expires - envelope.created <= MAX_LIFE_SECONDS:
        raise EnvelopeExpired(f"An envelope lives at most {MAX_LIFE_SECONDS} s.", expires=envelope.expires)


def _from_wire(wire: _Wire) -> Envelope:
    return Envelope(
        id=wire.id,
        type=wire.type,
        sender=decode_hex(wire.sender, 20),
        target=wire.target,
        created=wire.created,
        expires=wire.expires,
        body=wire.body,
        correlation=wire.correlation,
        causation=wire.causation,
        priority=wire.priority,
        nonce=decode_hex(wire.nonce, 16),
        signature=decode_hex(wire.signature, 65),
    )
