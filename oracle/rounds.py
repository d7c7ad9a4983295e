"""How reporters agree without copying each other: everybody commits, then everybody reveals.

A round is about one submission of one job. A reporter first publishes the hash of its signed verdict and a
salt; only when enough others did the same does it publish the verdict. Who commits after a reveal is late:
its verdict still counts, but only when time runs out. All messages of one oracle share one topic, so every
reader sees a reporter's commit before its reveal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.envelope import Envelope
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.eip712 import VerdictMessage
from agents_offchain.primitives.hexes import decode_hex, encode_hex
from oracle.quorum.verdict import SignedVerdict, verdict_as_dict

COMMIT_TYPE, REVEAL_TYPE = "oracle.commit/1", "oracle.reveal/1"
SALT_BYTES = 32
MESSAGE_LIFE_SECONDS = 2 * 86_400
_LABEL = b"aitbc.commit/1"


@dataclass(frozen=True)
class Commit:
    """A hash that binds its sender to a verdict on a submission, without telling it."""

    job_key: str
    submitted_at: int
    signer: bytes
    commitment: bytes


@dataclass(frozen=True)
class Reveal:
    """The verdict behind a commitment."""

    job_key: str
    signed: SignedVerdict
    salt: bytes


def topic_of(chain_id: int, oracle: bytes) -> str:
    """The topic of one oracle's reporters and publishers."""
    return f"verdicts:{chain_id}:0x{oracle.hex()}"


def commitment_of(digest: bytes, signer: bytes, salt: bytes) -> bytes:
    """What a reporter commits to.

    Args:
        digest: EIP-712 digest of the verdict, 32 bytes; it binds chain, oracle, job and submission.
        signer: The reporter, 20 bytes, so that a copied commitment is worthless to another.
        salt: 32 random bytes; verdicts are too few to be hidden by a hash alone.
    """
    return sha256(_LABEL + digest + signer + salt)


def commit_envelope(commit: Commit, topic: str, *, created: int) -> Envelope:
    """The unsigned message of a commitment; made again with the same `created` it is the same to the byte."""
    body = {
        "job_key": commit.job_key,
        "submitted_at": commit.submitted_at,
        "commitment": encode_hex(commit.commitment),
    }
    return _envelope(COMMIT_TYPE, commit.job_key, commit.submitted_at, commit.signer, body, topic, created)


def reveal_envelope(reveal: Reveal, topic: str, *, created: int) -> Envelope:
    """The unsigned message of a reveal; made again with the same `created` it is the same to the byte."""
    signed = reveal.signed
    body = {
        "job_key": reveal.job_key,
        "verdict": verdict_as_dict(signed.verdict),
        "salt": encode_hex(reveal.salt),
        "signature": encode_hex(signed.signature),
        "report_cid": signed.report_cid,
    }
    submitted_at = signed.verdict.submitted_at
    return _envelope(REVEAL_TYPE, reveal.job_key, submitted_at, signed.signer, body, topic, created)


def read_message(envelope: Envelope) -> Commit | Reveal | None:
    """The commit or reveal in a verified envelope; None for types that are none of ours.

    Raises:
        EnvelopeInvalid: the body is malformed.
    """
    try:
        if envelope.type == COMMIT_TYPE:
            return _read_commit(_CommitBody.model_validate(envelope.body), envelope.sender)
        if envelope.type == REVEAL_TYPE:
            return _read_reveal(_RevealBody.model_validate(envelope.body), envelope.sender)
    except ValidationError as error:
        raise EnvelopeInvalid(f"The body of {envelope.type} is malformed.") from error
    return None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


_JOB_KEY = Field(pattern=r"^[0-9]{1,20}:0x[0-9a-f]{40}:[0-9]{1,50}$", max_length=120)
_HASH = Field(pattern=r"^0x[0-9a-f]{64}$")
_UINT32 = Field(ge=0, lt=2**32)


class _CommitBody(_Body):
    job_key: str = _JOB_KEY
    submitted_at: int = _UINT32
    commitment: str = _HASH


class _VerdictBody(_Body):
    job_id: str = Field(pattern=r"^[0-9]{1,50}$")
    submitted_at: int = _UINT32
    deliverable: str = _HASH
    report_hash: str = _HASH
    score: int = Field(ge=0, le=100)
    epoch: int = _UINT32


class _RevealBody(_Body):
    job_key: str = _JOB_KEY
    verdict: _VerdictBody
    salt: str = _HASH
    signature: str = Field(pattern=r"^0x[0-9a-f]{130}$")
    report_cid: str = Field(pattern=r"^[A-Za-z0-9]{1,120}$")


def _read_commit(body: _CommitBody, sender: bytes) -> Commit:
    return Commit(body.job_key, body.submitted_at, sender, decode_hex(body.commitment, 32))


def _read_reveal(body: _RevealBody, sender: bytes) -> Reveal:
    row = body.verdict
    if body.job_key.rsplit(":", 1)[1] != row.job_id:
        raise EnvelopeInvalid("The reveal names two jobs.")
    verdict = VerdictMessage(
        job_id=int(row.job_id),
        submitted_at=row.submitted_at,
        deliverable=decode_hex(row.deliverable, 32),
        report_hash=decode_hex(row.report_hash, 32),
        score=row.score,
        epoch=row.epoch,
    )
    signed = SignedVerdict(verdict, sender, decode_hex(body.signature, 65), body.report_cid)
    return Reveal(body.job_key, signed, decode_hex(body.salt, SALT_BYTES))


def _envelope(
    kind: str, job_key: str, submitted_at: int, signer: bytes, body: dict[str, Any], topic: str, created: int
) -> Envelope:
    conversation = f"{job_key}:{submitted_at}"
    word = kind.removeprefix("oracle.").removesuffix("/1")
    name = f"{word}:{conversation}:0x{signer.hex()}"
    return Envelope(
        id=name,
        type=kind,
        sender=signer,
        target=topic,
        created=created,
        expires=created + MESSAGE_LIFE_SECONDS,
        correlation=conversation,
        body=body,
        nonce=sha256(canonical_json([name, created, body]))[:16],
    )
