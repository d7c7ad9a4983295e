"""A job and its verdict from the events of JobEscrow and ResultOracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.rows import JobRow, VerdictRow
from agents_offchain.primitives.units import NO_AGENT

OPEN, FUNDED, SUBMITTED = "open", "funded", "submitted"
COMPLETED, REJECTED, EXPIRED = "completed", "rejected", "expired"
ENDED = frozenset({COMPLETED, REJECTED, EXPIRED})


def project_job(facts: Sequence[Fact]) -> JobRow | None:
    """The job as it stands after `facts`; None before its JobCreated."""
    row: JobRow | None = None
    for fact in facts:
        if fact.contract != "JobEscrow":
            continue
        if fact.name == "JobCreated":
            row = _created(fact)
        elif row is not None:
            step = _STEPS.get(fact.name)
            row = row if step is None else step(row, fact)
    return row


def project_verdict(facts: Sequence[Fact]) -> VerdictRow | None:
    """The verdict posted for a job, if any; the contract takes only one."""
    for fact in facts:
        if fact.contract == "ResultOracle" and fact.name == "VerdictPosted":
            return VerdictRow(
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


def _created(fact: Fact) -> JobRow:
    return JobRow(
        job_id=fact.integer("jobId"),
        client=fact.bytes_of("client"),
        provider=fact.bytes_of("provider"),
        evaluator=fact.bytes_of("evaluator"),
        agent_id=None,
        listing_id=None,
        policy_id=None,
        budget=0,
        status=OPEN,
        description="",
        deliverable=None,
        reason=None,
        paid=0,
        refunded=0,
        fee_treasury=0,
        fee_reporters=0,
        expired_at=fact.integer("expiredAt"),
        created_at=fact.block_time,
        funded_at=None,
        submitted_at=None,
        settled_at=None,
        created_tx=fact.tx_hash,
    )


def _described(row: JobRow, fact: Fact) -> JobRow:
    agent_id, listing_id = fact.integer("agentId"), fact.integer("listingId")
    return replace(
        row,
        agent_id=None if agent_id == NO_AGENT else agent_id,
        listing_id=listing_id or None,
        policy_id=fact.integer("policyId"),
        description=str(fact.args["description"]),
    )


def _funded(row: JobRow, fact: Fact) -> JobRow:
    return replace(row, status=FUNDED, budget=fact.integer("amount"), funded_at=fact.block_time)


def _submitted(row: JobRow, fact: Fact) -> JobRow:
    return replace(row, status=SUBMITTED, deliverable=fact.bytes_of("deliverable"), submitted_at=fact.block_time)


def _completed(row: JobRow, fact: Fact) -> JobRow:
    return replace(row, status=COMPLETED, reason=fact.bytes_of("reason"), settled_at=fact.block_time)


def _rejected(row: JobRow, fact: Fact) -> JobRow:
    return replace(row, status=REJECTED, reason=fact.bytes_of("reason"), settled_at=fact.block_time)


def _expired(row: JobRow, fact: Fact) -> JobRow:
    return replace(row, status=EXPIRED, settled_at=fact.block_time)


def _fee_taken(row: JobRow, fact: Fact) -> JobRow:
    return replace(
        row,
        fee_treasury=row.fee_treasury + fact.integer("toTreasury"),
        fee_reporters=row.fee_reporters + fact.integer("toReporters"),
    )


_STEPS: dict[str, Callable[[JobRow, Fact], JobRow]] = {
    "JobDescribed": _described,
    "ProviderSet": lambda row, fact: replace(row, provider=fact.bytes_of("provider")),
    "BudgetSet": lambda row, fact: replace(row, budget=fact.integer("amount")),
    "JobFunded": _funded,
    "JobSubmitted": _submitted,
    "JobCompleted": _completed,
    "JobRejected": _rejected,
    "JobExpired": _expired,
    "PaymentReleased": lambda row, fact: replace(row, paid=row.paid + fact.integer("amount")),
    "Refunded": lambda row, fact: replace(row, refunded=row.refunded + fact.integer("amount")),
    "FeeTaken": _fee_taken,
}
