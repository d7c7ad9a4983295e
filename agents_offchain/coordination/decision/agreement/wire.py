"""Messages, vows and certificates as JSON data: bytes are hex, a certificate leaves its question out.

What comes in is untrusted: anything that is not exactly such a message is refused. Whether it is true is
`verifier`'s matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents_offchain.coordination.decision.agreement.certificate import Certificate
from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import (
    Certified,
    Commit,
    Kind,
    Message,
    Prepare,
    Proposal,
    QuorumCertificate,
    Seal,
    Timeout,
    TimeoutCertificate,
)
from agents_offchain.coordination.decision.agreement.vows import Vows
from agents_offchain.coordination.errors import StatementInvalid
from agents_offchain.primitives.canonical import DocumentInvalid, canonical_json, parse_document
from agents_offchain.primitives.hexes import HexInvalid, decode_hex, encode_hex

SCHEMA = "aitbc.agreement/1"
MAX_MESSAGE_BYTES = 128 << 10
"""Two certificates of 64 members and their values."""


def encode_message(message: Message) -> bytes:
    """Canonical bytes of a message."""
    return canonical_json({"schema": SCHEMA, **message_as_dict(message)})


def decode_message(data: bytes, question: Question) -> Message:
    """Read bytes from anybody.

    Raises:
        StatementInvalid: they are no message of this form.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise StatementInvalid(f"The message has {len(data)} bytes; at most {MAX_MESSAGE_BYTES} are read.")
    try:
        return _message(parse_document(data, SCHEMA), question)
    except (DocumentInvalid, HexInvalid, KeyError, TypeError, ValueError) as error:
        raise StatementInvalid("The bytes are no message of an agreement.") from error


def message_as_dict(message: Message) -> dict[str, Any]:
    """A message as JSON data."""
    if isinstance(message, Certified):
        return {"kind": "CERTIFIED", "certificate": certificate_as_dict(message.certificate)}
    body: dict[str, Any] = {
        "kind": message.kind.name,
        "sender": encode_hex(message.sender),
        "signature": encode_hex(message.signature),
    }
    if isinstance(message, Commit | Seal):
        return {**body, "proof": _quorum_as_dict(message.proof)}
    if isinstance(message, Timeout):
        body |= {"round": message.round, "high": _quorum_as_dict(message.high), "entry": _entry_as_dict(message.entry)}
    elif isinstance(message, Proposal):
        body |= {"round": message.round, "value": encode_hex(message.value), "entry": _entry_as_dict(message.entry)}
    else:
        body |= {"round": message.round, "value": encode_hex(message.value)}
    return body


def certificate_as_dict(certificate: Certificate) -> dict[str, Any]:
    """A certificate without its question."""
    return {
        "value": encode_hex(certificate.value),
        "bitmap": hex(certificate.bitmap),
        "signatures": [encode_hex(signature) for signature in certificate.signatures],
    }


def certificate_from_dict(data: dict[str, Any], question: Question) -> Certificate:
    """The inverse of `certificate_as_dict`; raises KeyError, TypeError or ValueError on nonsense."""
    signatures = tuple(decode_hex(item, 65) for item in data["signatures"])
    return Certificate(question, decode_hex(data["value"]), int(data["bitmap"], 16), signatures)


def vows_as_dict(vows: Vows) -> dict[str, Any]:
    """Vows as JSON data; they carry no signatures of their own."""
    return {
        "round": vows.round,
        "entry": _entry_as_dict(vows.entry),
        "high": _quorum_as_dict(vows.high),
        "decided": _quorum_as_dict(vows.decided),
        "votes": [message_as_dict(vote) for vote in vows.votes()],
    }


def vows_from_dict(data: dict[str, Any], question: Question) -> Vows:
    """The inverse of `vows_as_dict`."""
    votes: dict[str, Any] = {item["kind"]: _message(item, question) for item in data["votes"]}
    return Vows(
        round=_round(data["round"]),
        entry=_entry(data["entry"]),
        high=_quorum(data["high"]),
        proposal=votes.get("PROPOSE"),
        prepare=votes.get("PREPARE"),
        commit=votes.get("COMMIT"),
        timeout=votes.get("TIMEOUT"),
        decided=_quorum(data["decided"]),
    )


def _message(data: dict[str, Any], question: Question) -> Message:
    if data["kind"] == "CERTIFIED":
        return Certified(certificate_from_dict(data["certificate"], question))
    return _READERS[data["kind"]](data, decode_hex(data["sender"], 20), decode_hex(data["signature"]))


_READERS: dict[str, Callable[[dict[str, Any], bytes, bytes], Message]] = {
    "PROPOSE": lambda data, sender, signature: Proposal(
        sender, _round(data["round"]), decode_hex(data["value"]), _entry(data["entry"]), signature
    ),
    "PREPARE": lambda data, sender, signature: Prepare(
        sender, _round(data["round"]), decode_hex(data["value"]), signature
    ),
    "COMMIT": lambda data, sender, signature: _commit(sender, _required(_quorum(data["proof"])), signature),
    "TIMEOUT": lambda data, sender, signature: Timeout(
        sender, _round(data["round"]), _quorum(data["high"]), _entry(data["entry"]), signature
    ),
    "SEAL": lambda data, sender, signature: Seal(sender, _required(_quorum(data["proof"])), signature),
}


def _commit(sender: bytes, proof: QuorumCertificate, signature: bytes) -> Commit:
    return Commit(sender, proof.round, proof, signature)


def _required(proof: QuorumCertificate | None) -> QuorumCertificate:
    if proof is None:
        raise ValueError("a vote of this kind carries a proof")
    return proof


def _quorum_as_dict(proof: QuorumCertificate | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    signatures = [[place, encode_hex(signature)] for place, signature in proof.signatures]
    return {
        "kind": proof.kind.name,
        "round": proof.round,
        "value": encode_hex(proof.value),
        "signatures": signatures,
    }


def _quorum(data: dict[str, Any] | None) -> QuorumCertificate | None:
    if data is None:
        return None
    signatures = tuple((_round(place), decode_hex(item, 65)) for place, item in data["signatures"])
    return QuorumCertificate(Kind[data["kind"]], _round(data["round"]), decode_hex(data["value"]), signatures)


def _entry_as_dict(entry: TimeoutCertificate | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    signatures = [[place, high_round, encode_hex(signature)] for place, high_round, signature in entry.signatures]
    return {"round": entry.round, "high": _quorum_as_dict(entry.high), "signatures": signatures}


def _entry(data: dict[str, Any] | None) -> TimeoutCertificate | None:
    if data is None:
        return None
    signatures = tuple(
        (_round(place), _round(high_round + 1) - 1, decode_hex(item, 65))
        for place, high_round, item in data["signatures"]
    )
    return TimeoutCertificate(_round(data["round"]), _quorum(data["high"]), signatures)


def _round(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**32:
        raise ValueError("not a round or a place")
    return value
