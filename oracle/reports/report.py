"""Build a report; its SHA2-256 is the `reportHash` of the verdict and the digest in its CID."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.hexes import encode_hex
from oracle.checks.check import Check, compute_score
from oracle.checks.reexecution import CHECKER, Job

SCHEMA = "aitbc.report/1"


@dataclass(frozen=True)
class Report:
    """A report's bytes, their hash (32 bytes) and the score 0 to 100."""

    data: bytes
    hash: bytes
    score: int
    document: dict[str, Any]


def write_report(job: Job, deliverable: bytes, checks: Sequence[Check], checker: str = CHECKER) -> Report:
    """The report of one submission.

    Args:
        deliverable: SHA2-256 of the result document, as on chain.
        checker: Name and version of what made the checks.
    """
    score = compute_score(checks)
    document = {
        "schema": SCHEMA,
        "job": {"chain_id": job.chain_id, "escrow": job.escrow, "job_id": str(job.job_id)},
        "deliverable": encode_hex(deliverable),
        "request_cid": job.request_cid,
        "checks": [check.as_dict() for check in checks],
        "score": score,
        "checker": checker,
    }
    data = canonical_json(document)
    return Report(data=data, hash=sha256(data), score=score, document=document)
