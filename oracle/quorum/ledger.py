"""The durable memory of verdicts: one per reporter and submission, for ever.

A reporter reserves its verdict here before it asks for the signature, so a restart can only sign the same
one again; a publisher keeps here what it gathered, and beside it the proof when a reporter contradicts itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.eip712 import Domain, VerdictMessage, verdict_digest
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import verdict_signatures
from agents_offchain.storage.tables.verdicts import verdict_commits, verdict_conflicts
from agents_offchain.storage.upsert import insert_new
from oracle.errors import VerdictConflict
from oracle.quorum.verdict import SignedVerdict, verdict_as_dict

UNSIGNED = b""


class Recorded(Enum):
    """What became of a verdict that came in."""

    NEW = "new"
    KNOWN = "known"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Commitment:
    """A reporter's first commitment to its verdict on a submission (32 bytes)."""

    signer: bytes
    commitment: bytes
    is_late: bool


class VerdictLedger:
    """One consumer's verdicts and commitments."""

    def __init__(self, database: Database, consumer: str, clock: Clock | None = None) -> None:
        self._database = database
        self._consumer = consumer
        self._clock = clock or SystemClock()

    async def reserve(
        self, connection: AsyncConnection, job_key: str, signer: bytes, verdict: VerdictMessage, report_cid: str
    ) -> None:
        """Bind a reporter to a verdict on a submission, in the caller's transaction. Idempotent.

        Raises:
            VerdictConflict: it is bound to another one already; that one stands.
        """
        row = self._row(job_key, SignedVerdict(verdict, signer, UNSIGNED, report_cid))
        if await insert_new(connection, verdict_signatures, [row]):
            return
        held = await self._held(connection, job_key, verdict.submitted_at, signer)
        if held is None or held.verdict != verdict:
            raise VerdictConflict(f"A verdict on {job_key} was given before, and it was another one.", job_key=job_key)

    async def seal(self, connection: AsyncConnection, job_key: str, signed: SignedVerdict) -> None:
        """Add the signature to a reserved verdict; a signature that is there stays."""
        await connection.execute(
            update(verdict_signatures)
            .where(
                self._at(job_key, signed.verdict.submitted_at, signed.signer),
                verdict_signatures.c.signature == UNSIGNED,
            )
            .values(signature=signed.signature)
        )

    async def record(
        self, connection: AsyncConnection, job_key: str, signed: SignedVerdict, domain: Domain
    ) -> Recorded:
        """Keep a verified verdict of a reporter, or the proof that it signed two. Idempotent."""
        if await insert_new(connection, verdict_signatures, [self._row(job_key, signed)]):
            return Recorded.NEW
        held = await self._held(connection, job_key, signed.verdict.submitted_at, signed.signer)
        if held is not None and held.verdict == signed.verdict:
            return Recorded.KNOWN
        proof = {
            "consumer": self._consumer,
            "job_key": job_key,
            "submitted_at": signed.verdict.submitted_at,
            "signer": signed.signer,
            "digest": verdict_digest(domain, signed.verdict),
            "verdict": verdict_as_dict(signed.verdict),
            "signature": signed.signature,
            "received_at": self._clock.now_seconds(),
        }
        await insert_new(connection, verdict_conflicts, [proof])
        return Recorded.CONFLICT

    async def get(self, job_key: str, submitted_at: int, signer: bytes) -> SignedVerdict | None:
        async with self._database.read() as connection:
            return await self._held(connection, job_key, submitted_at, signer)

    async def all_signed(self, job_key: str, submitted_at: int) -> list[SignedVerdict]:
        """Every verdict on a submission that carries a signature."""
        query = select(verdict_signatures).where(
            verdict_signatures.c.consumer == self._consumer,
            verdict_signatures.c.job_key == job_key,
            verdict_signatures.c.submitted_at == submitted_at,
            verdict_signatures.c.signature != UNSIGNED,
        )
        async with self._database.read() as connection:
            return [_signed(row, job_key) for row in (await connection.execute(query)).all()]

    async def equivocators(self, job_key: str, submitted_at: int) -> frozenset[bytes]:
        """Reporters whose contradiction about this submission is proven."""
        query = select(verdict_conflicts.c.signer).where(
            verdict_conflicts.c.consumer == self._consumer,
            verdict_conflicts.c.job_key == job_key,
            verdict_conflicts.c.submitted_at == submitted_at,
        )
        async with self._database.read() as connection:
            return frozenset(bytes(row.signer) for row in (await connection.execute(query)).all())

    async def record_commit(
        self, connection: AsyncConnection, job_key: str, submitted_at: int, commit: Commitment
    ) -> bool:
        """Keep a reporter's first commitment; False when it made one before."""
        row = {
            "consumer": self._consumer,
            "job_key": job_key,
            "submitted_at": submitted_at,
            "signer": commit.signer,
            "commitment": commit.commitment,
            "is_late": commit.is_late,
            "received_at": self._clock.now_seconds(),
        }
        return await insert_new(connection, verdict_commits, [row]) == 1

    async def match_commit(
        self, connection: AsyncConnection, job_key: str, submitted_at: int, signer: bytes, commitment: bytes
    ) -> None:
        """Note that a reporter revealed `commitment`; without the same commitment before, it is late."""
        late = Commitment(signer, commitment, is_late=True)
        if await self.record_commit(connection, job_key, submitted_at, late):
            return
        await connection.execute(
            update(verdict_commits)
            .where(
                verdict_commits.c.consumer == self._consumer,
                verdict_commits.c.job_key == job_key,
                verdict_commits.c.submitted_at == submitted_at,
                verdict_commits.c.signer == signer,
                verdict_commits.c.commitment != commitment,
            )
            .values(is_late=True)
        )

    async def commits(
        self, job_key: str, submitted_at: int, connection: AsyncConnection | None = None
    ) -> dict[bytes, Commitment]:
        """The commitments to verdicts on a submission, by signer."""
        query = select(verdict_commits).where(
            verdict_commits.c.consumer == self._consumer,
            verdict_commits.c.job_key == job_key,
            verdict_commits.c.submitted_at == submitted_at,
        )
        if connection is not None:
            rows = (await connection.execute(query)).all()
        else:
            async with self._database.read() as reading:
                rows = (await reading.execute(query)).all()
        return {bytes(row.signer): Commitment(bytes(row.signer), bytes(row.commitment), row.is_late) for row in rows}

    async def has_any(self, connection: AsyncConnection, job_key: str, submitted_at: int) -> bool:
        """Whether a verdict on this submission was recorded."""
        query = (
            select(verdict_signatures.c.signer)
            .where(
                verdict_signatures.c.consumer == self._consumer,
                verdict_signatures.c.job_key == job_key,
                verdict_signatures.c.submitted_at == submitted_at,
            )
            .limit(1)
        )
        return (await connection.execute(query)).first() is not None

    async def _held(
        self, connection: AsyncConnection, job_key: str, submitted_at: int, signer: bytes
    ) -> SignedVerdict | None:
        query = select(verdict_signatures).where(self._at(job_key, submitted_at, signer))
        row = (await connection.execute(query)).first()
        return None if row is None else _signed(row, job_key)

    def _at(self, job_key: str, submitted_at: int, signer: bytes) -> Any:
        return and_(
            verdict_signatures.c.consumer == self._consumer,
            verdict_signatures.c.job_key == job_key,
            verdict_signatures.c.submitted_at == submitted_at,
            verdict_signatures.c.signer == signer,
        )

    def _row(self, job_key: str, signed: SignedVerdict) -> dict[str, Any]:
        verdict = signed.verdict
        return {
            "consumer": self._consumer,
            "job_key": job_key,
            "signer": signed.signer,
            "submitted_at": verdict.submitted_at,
            "deliverable": verdict.deliverable,
            "report_hash": verdict.report_hash,
            "report_cid": signed.report_cid,
            "score": verdict.score,
            "epoch": verdict.epoch,
            "signature": signed.signature,
            "received_at": self._clock.now_seconds(),
        }


def _signed(row: Any, job_key: str) -> SignedVerdict:
    verdict = VerdictMessage(
        job_id=int(job_key.rsplit(":", 1)[1]),
        submitted_at=row.submitted_at,
        deliverable=bytes(row.deliverable),
        report_hash=bytes(row.report_hash),
        score=row.score,
        epoch=row.epoch,
    )
    return SignedVerdict(verdict, bytes(row.signer), bytes(row.signature), row.report_cid)
