"""The dispute over a job from the events of DisputeDesk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.rows import DisputeRow


def project_dispute(facts: Sequence[Fact]) -> DisputeRow | None:
    """The dispute as it stands after `facts`; None without one. A job has at most one."""
    row: DisputeRow | None = None
    for fact in facts:
        if fact.contract != "DisputeDesk":
            continue
        if fact.name == "DisputeOpened":
            row = _opened(fact)
        elif row is not None and (step := _STEPS.get(fact.name)) is not None:
            row = step(row, fact)
    return row


def _opened(fact: Fact) -> DisputeRow:
    return DisputeRow(
        generation=fact.generation,
        job_id=fact.integer("jobId"),
        party=fact.bytes_of("party"),
        is_by_client=bool(fact.args["isByClient"]),
        bond=fact.integer("bond"),
        rule_by=fact.integer("ruleBy"),
        evidence=fact.bytes_of("evidence"),
        is_countered=False,
        fee=None,
        dispute_id=None,
        opened_at=fact.block_time,
        ended_at=None,
        is_by_court=None,
        provider_bps=None,
        is_overturned=None,
    )


def _ended(row: DisputeRow, fact: Fact) -> DisputeRow:
    return row._replace(
        ended_at=fact.block_time,
        is_by_court=bool(fact.args["isByCourt"]),
        provider_bps=fact.integer("providerBps"),
        is_overturned=bool(fact.args["isOverturned"]),
    )


_STEPS: dict[str, Callable[[DisputeRow, Fact], DisputeRow]] = {
    "DisputeCountered": lambda row, fact: row._replace(is_countered=True),
    "DisputeReferred": lambda row, fact: row._replace(fee=fact.integer("fee"), dispute_id=fact.integer("disputeId")),
    "DisputeEnded": _ended,
}
