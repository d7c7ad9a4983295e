"""A signed verdict as a value, and its form in messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import recover_signer
from agents_offchain.primitives.eip712 import Domain, VerdictMessage, verdict_digest
from agents_offchain.primitives.hexes import encode_hex


@dataclass(frozen=True)
class SignedVerdict:
    """A verdict with the reporter that signed it (20 bytes), its signature (65 bytes) and where the report is."""

    verdict: VerdictMessage
    signer: bytes
    signature: bytes
    report_cid: str


def is_signed_by(verdict: VerdictMessage, signature: bytes, signer: bytes, domain: Domain) -> bool:
    """Whether the signature over the verdict recovers to this address."""
    try:
        return recover_signer(verdict_digest(domain, verdict), signature) == signer
    except EnvelopeInvalid:
        return False


def verdict_as_dict(verdict: VerdictMessage) -> dict[str, Any]:
    """JSON data; the job id as a decimal string, hashes as hex."""
    return {
        "job_id": str(verdict.job_id),
        "submitted_at": verdict.submitted_at,
        "deliverable": encode_hex(verdict.deliverable),
        "report_hash": encode_hex(verdict.report_hash),
        "score": verdict.score,
        "epoch": verdict.epoch,
    }
