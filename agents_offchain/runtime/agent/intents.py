"""What an agent may want of the chain for a job, under keys that name the job even across a reorganisation."""

from __future__ import annotations

from typing import Any

SUBMIT, DECLINE = "submit", "decline"


def intent_key(kind: str, job_key: str, terms: dict[str, Any]) -> str:
    """`kind:chain:escrow:job:transaction`; the transaction is the one that described the job."""
    return f"{kind}:{job_key}:{terms['tx_hash']}"


def intent_keys(job_key: str, terms: dict[str, Any]) -> tuple[str, ...]:
    """Every key that may stand for a job."""
    return tuple(intent_key(kind, job_key, terms) for kind in (SUBMIT, DECLINE))
