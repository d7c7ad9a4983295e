"""The queue of questions to a person: asked by whoever must not decide alone, answered by CLI or API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.approvals import approvals

WAITING, APPROVED, DENIED = "waiting", "approved", "denied"


class ApprovalUnknown(Refused):
    """There is no question of that number."""


@dataclass(frozen=True)
class Question:
    """What is asked: by which part (`scope`), for whom, and what would be done (`effect` names it)."""

    scope: str
    subject: str
    effect: bytes
    title: str
    reason: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Approval:
    """A question and its answer so far; times are unix seconds."""

    id: int
    question: Question
    status: str
    requested_at: float
    decided_at: float | None
    decided_by: str | None
    note: str | None
    expires_at: float | None
    seal: bytes | None


class ApprovalBook:
    """The questions of one database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def ask(self, question: Question) -> int:
        """Write a question; its number."""
        row = {
            "scope": question.scope,
            "subject": question.subject,
            "effect": question.effect,
            "title": question.title,
            "reason": question.reason,
            "details": question.details,
            "status": WAITING,
            "requested_at": self._clock.now_seconds(),
        }
        async with self._database.write() as connection:
            return int((await connection.execute(approvals.insert().returning(approvals.c.id), row)).scalar_one())

    async def newest(self, scope: str, effect: bytes) -> Approval | None:
        """The last question about an effect."""
        query = (
            select(approvals)
            .where(approvals.c.scope == scope, approvals.c.effect == effect)
            .order_by(approvals.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _approval(row)

    async def get(self, approval_id: int) -> Approval:
        """Raises ApprovalUnknown when there is none."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(approvals).where(approvals.c.id == approval_id))).first()
        if row is None:
            raise ApprovalUnknown(f"There is no approval {approval_id}.", mend="`aitbc approvals list` shows them.")
        return _approval(row)

    async def list(self, status: str | None = None, limit: int = 100) -> list[Approval]:
        """The newest questions first."""
        query = select(approvals).order_by(approvals.c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(approvals.c.status == status)
        async with self._database.read() as connection:
            return [_approval(row) for row in (await connection.execute(query)).all()]

    async def decide(
        self, approval_id: int, status: str, *, by: str, note: str, expires_at: float | None, seal: bytes
    ) -> None:
        """Write an answer; a later one replaces it."""
        values = {
            "status": status,
            "decided_at": self._clock.now_seconds(),
            "decided_by": by,
            "note": note,
            "expires_at": expires_at,
            "seal": seal,
        }
        async with self._database.write() as connection:
            await connection.execute(update(approvals).where(approvals.c.id == approval_id).values(**values))


def _approval(row: Any) -> Approval:
    return Approval(
        id=row.id,
        question=Question(row.scope, row.subject, bytes(row.effect), row.title, row.reason, dict(row.details)),
        status=row.status,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        note=row.note,
        expires_at=row.expires_at,
        seal=None if row.seal is None else bytes(row.seal),
    )
