"""The movements of a job's money from the escrow's events: budget = released + refunded + both fees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class _Leg:
    fact: Fact
    kind: str
    amount: int
    from_address: bytes
    to_address: bytes
    number: int = 0


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
            id=leg.fact.row_id(leg.number),
            job_id=job.job_id,
            agent_id=job.agent_id,
            service_type=service_type,
            kind=leg.kind,
            amount=leg.amount,
            from_address=leg.from_address,
            to_address=leg.to_address,
            status=held if leg.kind == ESCROWED else FINAL,
            created_at=leg.fact.block_time,
            tx_hash=leg.fact.tx_hash,
            log_index=leg.fact.log_index,
            block_number=leg.fact.block_number,
        )
        for leg in _legs(facts, owners)
        if leg.amount > 0
    ]


def _legs(facts: Sequence[Fact], owners: FeeOwners) -> Iterator[_Leg]:
    for fact in facts:
        escrow = fact.address
        if fact.name == "JobFunded":
            yield _Leg(fact, ESCROWED, fact.integer("amount"), fact.bytes_of("client"), escrow)
        elif fact.name == "PaymentReleased":
            yield _Leg(fact, RELEASED, fact.integer("amount"), escrow, fact.bytes_of("provider"))
        elif fact.name == "Refunded":
            yield _Leg(fact, REFUNDED, fact.integer("amount"), escrow, fact.bytes_of("client"))
        elif fact.name == "FeeTaken":
            yield _Leg(fact, FEE_TREASURY, fact.integer("toTreasury"), escrow, owners.treasury)
            yield _Leg(fact, FEE_REPORTERS, fact.integer("toReporters"), escrow, owners.reporters_pool, 1)
