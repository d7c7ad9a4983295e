"""The movements of a job's money from the escrow's events: budget = released + refunded + both fees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.projections.job import ENDED
from agents_offchain.indexer.rows import JobRow, TransactionRow

ESCROWED, RELEASED, REFUNDED = "escrowed", "released", "refunded"
FEE_TREASURY, FEE_REPORTERS = "fee_treasury", "fee_reporters"
HELD, FINAL = "held", "final"


@dataclass(frozen=True)
class FeeOwners:
    """Whom the escrow credits with fees: constants of the deployment."""

    treasury: bytes
    reporters_pool: bytes


def project_transactions(
    facts: Sequence[Fact], job: JobRow | None, service_type: str, owners: FeeOwners
) -> list[TransactionRow]:
    """One row per movement, in chain order; movements of nothing are left out.

    Args:
        service_type: Of the listing that the job takes up, empty when it names none of that agent.
    """
    if job is None:
        return []
    held = FINAL if job.status in ENDED else HELD
    return [
        TransactionRow(
            fact.row_id(leg),
            job.generation,
            job.job_id,
            job.agent_id,
            service_type,
            kind,
            amount,
            from_address,
            to_address,
            held if kind == ESCROWED else FINAL,
            fact.block_time,
            fact.tx_hash,
            fact.log_index,
            fact.block_number,
        )
        for fact in facts
        if fact.name in _LEGS
        for leg, (kind, amount, from_address, to_address) in enumerate(_LEGS[fact.name](fact, owners))
        if amount > 0
    ]


_Leg = tuple[str, int, bytes, bytes]
"""(kind, amount, from whom, to whom)."""


def _funded(fact: Fact, owners: FeeOwners) -> tuple[_Leg, ...]:
    return ((ESCROWED, fact.integer("amount"), fact.bytes_of("client"), fact.address),)


def _released(fact: Fact, owners: FeeOwners) -> tuple[_Leg, ...]:
    return ((RELEASED, fact.integer("amount"), fact.address, fact.bytes_of("provider")),)


def _refunded(fact: Fact, owners: FeeOwners) -> tuple[_Leg, ...]:
    return ((REFUNDED, fact.integer("amount"), fact.address, fact.bytes_of("client")),)


def _fee_taken(fact: Fact, owners: FeeOwners) -> tuple[_Leg, ...]:
    return (
        (FEE_TREASURY, fact.integer("toTreasury"), fact.address, owners.treasury),
        (FEE_REPORTERS, fact.integer("toReporters"), fact.address, owners.reporters_pool),
    )


_LEGS: dict[str, Callable[[Fact, FeeOwners], tuple[_Leg, ...]]] = {
    "JobFunded": _funded,
    "PaymentReleased": _released,
    "Refunded": _refunded,
    "FeeTaken": _fee_taken,
}
