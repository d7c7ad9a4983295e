"""A job and its verdict from the events of JobEscrow and ResultOracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.rows import JobRow, VerdictRow
from agents_offchain.primitives.units import NO_AGENT

OPEN, FUNDED, SUBMITTED = "open", "funded", "submitted"
COMPLETED, REJECTED, EXPIRED = "completed", "rejected", "expired"
ENDED = frozenset({COMPLETED, REJECTED, EXPIRED})


def project_job(facts: Sequence[Fact]) -> JobRow | None:
    """The job as it stands after `facts`; None before its JobCreated."""
    row: dict[str, Any] | None = None
    for fact in facts:
        if fact.contract != "JobEscrow":
            continue
        if fact.name == "JobCreated":
            row = _created(fact)
        elif row is not None and (step := _STEPS.get(fact.name)) is not None:
            step(row, fact)
    return None if row is None else JobRow(**row)


def project_verdict(facts: Sequence[Fact]) -> VerdictRow | None:
    """The verdict posted for a job, if any; the contract takes only one."""
    for fact in facts:
        if fact.contract == "ResultOracle" and fact.name == "VerdictPosted":
            return VerdictRow(
                generation=fact.generation,
                job_id=fact.integer("jobId"),
                report_hash=fact.bytes_of("reportHash"),
                deliverable=fact.bytes_of("deliverable"),
                score=fact.integer("score"),
                epoch=fact.integer("epoch"),
                signer_bitmap=fact.integer("signerBitmap"),
                posted_at=fact.block_time,
                tx_hash=fact.tx_hash,
            )
    return None


def _created(fact: Fact) -> dict[str, Any]:
    return {
        "generation": fact.generation,
        "job_id": fact.integer("jobId"),
        "client": fact.bytes_of("client"),
        "provider": fact.bytes_of("provider"),
        "evaluator": fact.bytes_of("evaluator"),
        "agent_id": None,
        "listing_id": None,
        "policy_id": None,
        "budget": 0,
        "status": OPEN,
        "description": "",
        "deliverable": None,
        "reason": None,
        "paid": 0,
        "refunded": 0,
        "fee_treasury": 0,
        "fee_reporters": 0,
        "expired_at": fact.integer("expiredAt"),
        "created_at": fact.block_time,
        "funded_at": None,
        "submitted_at": None,
        "settled_at": None,
        "created_tx": fact.tx_hash,
    }


def _described(row: dict[str, Any], fact: Fact) -> None:
    agent_id, listing_id = fact.integer("agentId"), fact.integer("listingId")
    row["agent_id"] = None if agent_id == NO_AGENT else agent_id
    row["listing_id"] = listing_id or None
    row["policy_id"] = fact.integer("policyId")
    row["description"] = str(fact.args["description"])


def _provider_set(row: dict[str, Any], fact: Fact) -> None:
    row["provider"] = fact.bytes_of("provider")


def _budget_set(row: dict[str, Any], fact: Fact) -> None:
    row["budget"] = fact.integer("amount")


def _funded(row: dict[str, Any], fact: Fact) -> None:
    row["status"], row["budget"], row["funded_at"] = FUNDED, fact.integer("amount"), fact.block_time


def _submitted(row: dict[str, Any], fact: Fact) -> None:
    row["status"], row["submitted_at"] = SUBMITTED, fact.block_time
    row["deliverable"] = fact.bytes_of("deliverable")


def _completed(row: dict[str, Any], fact: Fact) -> None:
    row["status"], row["settled_at"], row["reason"] = COMPLETED, fact.block_time, fact.bytes_of("reason")


def _rejected(row: dict[str, Any], fact: Fact) -> None:
    row["status"], row["settled_at"], row["reason"] = REJECTED, fact.block_time, fact.bytes_of("reason")


def _expired(row: dict[str, Any], fact: Fact) -> None:
    row["status"], row["settled_at"] = EXPIRED, fact.block_time


def _paid(row: dict[str, Any], fact: Fact) -> None:
    row["paid"] += fact.integer("amount")


def _refunded(row: dict[str, Any], fact: Fact) -> None:
    row["refunded"] += fact.integer("amount")


def _fee_taken(row: dict[str, Any], fact: Fact) -> None:
    row["fee_treasury"] += fact.integer("toTreasury")
    row["fee_reporters"] += fact.integer("toReporters")


_STEPS: dict[str, Callable[[dict[str, Any], Fact], None]] = {
    "JobDescribed": _described,
    "ProviderSet": _provider_set,
    "BudgetSet": _budget_set,
    "JobFunded": _funded,
    "JobSubmitted": _submitted,
    "JobCompleted": _completed,
    "JobRejected": _rejected,
    "JobExpired": _expired,
    "PaymentReleased": _paid,
    "Refunded": _refunded,
    "FeeTaken": _fee_taken,
}
