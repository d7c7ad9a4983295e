"""The history of decisions: proposals, ballots, certificates, outcomes with reasons, and who contradicted itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.coordination.decision.agreement.certificate import Certificate
from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import Vote
from agents_offchain.coordination.decision.agreement.wire import certificate_as_dict, message_as_dict
from agents_offchain.coordination.decision.ballot import Ballot, BallotBox
from agents_offchain.coordination.decision.rules.outcome import Outcome
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.decisions import decision_ballots, decision_evidence, decisions
from agents_offchain.storage.upsert import insert_new

OPEN, DECIDED = "open", "decided"


@dataclass(frozen=True)
class DecisionRecord:
    """One proposal and what became of it; `certificate` is JSON data, `digest` 32 bytes or none."""

    proposal: bytes
    council_id: bytes
    subject: Mapping[str, Any]
    status: str
    outcome: Mapping[str, Any]
    reason: str
    certificate: Mapping[str, Any] | None
    digest: bytes
    opened_at: float
    closed_at: float | None


class DecisionHistory:
    """One consumer's decisions; also the `Chronicle` of its agreements. Writing the same again changes nothing."""

    def __init__(self, database: Database, consumer: str, clock: Clock | None = None) -> None:
        self._database = database
        self._consumer = consumer
        self._clock = clock or SystemClock()

    async def open(self, proposal: bytes, subject: Mapping[str, Any], council_id: bytes = b"") -> None:
        """Note that a question was asked."""
        async with self._database.write() as connection:
            await self._open(connection, proposal, subject, council_id)

    async def keep_box(self, box: BallotBox) -> None:
        """Keep every ballot, the contradicting ones as evidence."""
        rows = [self._ballot_row(ballot, 0) for ballot in box.first.values()]
        rows += [self._ballot_row(ballot, 1) for ballot in box.evidence.values()]
        async with self._database.write() as connection:
            await insert_new(connection, decision_ballots, rows)

    async def close(self, proposal: bytes, outcome: Outcome) -> None:
        """Keep how a vote ended; the first outcome stands."""
        values = {
            "status": outcome.status.value,
            "outcome": {"leaders": sorted(outcome.leaders), "tally": dict(outcome.tally)},
            "reason": outcome.reason,
        }
        async with self._database.write() as connection:
            await self._close(connection, proposal, values)

    async def keep_certificate(self, certificate: Certificate) -> None:
        """Keep the end of an agreement: of all its certificates the one with the lowest bitmap, as all members do."""
        question = certificate.question
        count = len(certificate.signatures)
        values: dict[str, Any] = {
            "closed_at": self._clock.now_seconds(),
            "status": DECIDED,
            "outcome": {"value": encode_hex(certificate.value)},
            "reason": f"{count} of {len(question.council.members)} members sealed it.",
            "certificate": certificate_as_dict(certificate),
            "digest": certificate.digest,
        }
        async with self._database.write() as connection:
            members = [encode_hex(member) for member in question.council.members]
            await self._open(connection, question.proposal, {"members": members}, question.council.council_id)
            held = await self._certificate(connection, question.proposal)
            if held is None or int(held["bitmap"], 16) > certificate.bitmap:
                at = (decisions.c.consumer == self._consumer) & (decisions.c.proposal == question.proposal)
                await connection.execute(update(decisions).where(at).values(**values))

    async def keep_evidence(self, question: Question, first: Vote, second: Vote) -> None:
        """Keep two messages that contradict each other."""
        row = {
            "consumer": self._consumer,
            "proposal": question.proposal,
            "member": first.sender,
            "kind": first.kind.name.lower(),
            "round": first.round,
            "first": message_as_dict(first),
            "second": message_as_dict(second),
            "received_at": self._clock.now_seconds(),
        }
        async with self._database.write() as connection:
            await insert_new(connection, decision_evidence, [row])

    async def get(self, proposal: bytes) -> DecisionRecord | None:
        query = select(decisions).where(decisions.c.consumer == self._consumer, decisions.c.proposal == proposal)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _record(row)

    async def recent(
        self, *, status: str | None = None, before: float | None = None, limit: int = 50
    ) -> list[DecisionRecord]:
        """The newest first; `before` is the `opened_at` to go on from."""
        query = select(decisions).where(decisions.c.consumer == self._consumer)
        if status is not None:
            query = query.where(decisions.c.status == status)
        if before is not None:
            query = query.where(decisions.c.opened_at < before)
        query = query.order_by(decisions.c.opened_at.desc(), decisions.c.proposal).limit(limit)
        async with self._database.read() as connection:
            return [_record(row) for row in (await connection.execute(query)).all()]

    async def ballots(self, proposal: bytes) -> list[Ballot]:
        """All ballots on a proposal, by voter, the first of each before its contradiction."""
        query = (
            select(decision_ballots)
            .where(decision_ballots.c.consumer == self._consumer, decision_ballots.c.proposal == proposal)
            .order_by(decision_ballots.c.voter, decision_ballots.c.ordinal)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Ballot(proposal, bytes(row.voter), tuple(row.choice), bytes(row.signature)) for row in rows]

    async def liars(self, proposal: bytes) -> frozenset[bytes]:
        """Members whose contradiction in an agreement is proven."""
        query = select(decision_evidence.c.member).where(
            decision_evidence.c.consumer == self._consumer, decision_evidence.c.proposal == proposal
        )
        async with self._database.read() as connection:
            return frozenset(bytes(row.member) for row in (await connection.execute(query)).all())

    async def _open(
        self, connection: AsyncConnection, proposal: bytes, subject: Mapping[str, Any], council_id: bytes
    ) -> None:
        row = {
            "consumer": self._consumer,
            "proposal": proposal,
            "council_id": council_id,
            "subject": dict(subject),
            "status": OPEN,
            "outcome": {},
            "reason": "",
            "digest": b"",
            "opened_at": self._clock.now_seconds(),
        }
        await insert_new(connection, decisions, [row])

    async def _certificate(self, connection: AsyncConnection, proposal: bytes) -> Mapping[str, Any] | None:
        query = select(decisions.c.certificate).where(
            decisions.c.consumer == self._consumer, decisions.c.proposal == proposal
        )
        found: Mapping[str, Any] | None = (await connection.execute(query)).scalar_one()
        return found

    async def _close(self, connection: AsyncConnection, proposal: bytes, values: Mapping[str, Any]) -> None:
        await connection.execute(
            update(decisions)
            .where(
                decisions.c.consumer == self._consumer,
                decisions.c.proposal == proposal,
                decisions.c.status == OPEN,
            )
            .values(**values, closed_at=self._clock.now_seconds())
        )

    def _ballot_row(self, ballot: Ballot, ordinal: int) -> dict[str, Any]:
        return {
            "consumer": self._consumer,
            "proposal": ballot.proposal,
            "voter": ballot.voter,
            "ordinal": ordinal,
            "choice": list(ballot.choice),
            "signature": ballot.signature,
            "received_at": self._clock.now_seconds(),
        }


async def all_decisions(
    database: Database,
    *,
    status: str | None = None,
    proposal: bytes | None = None,
    before: float | None = None,
    limit: int = 50,
) -> list[tuple[str, DecisionRecord]]:
    """Decisions of every consumer of a database with its name, the newest first."""
    query = select(decisions)
    if status is not None:
        query = query.where(decisions.c.status == status)
    if proposal is not None:
        query = query.where(decisions.c.proposal == proposal)
    if before is not None:
        query = query.where(decisions.c.opened_at < before)
    query = query.order_by(decisions.c.opened_at.desc(), decisions.c.consumer, decisions.c.proposal).limit(limit)
    async with database.read() as connection:
        return [(row.consumer, _record(row)) for row in (await connection.execute(query)).all()]


def _record(row: Any) -> DecisionRecord:
    return DecisionRecord(
        proposal=bytes(row.proposal),
        council_id=bytes(row.council_id),
        subject=row.subject,
        status=row.status,
        outcome=row.outcome,
        reason=row.reason,
        certificate=row.certificate,
        digest=bytes(row.digest),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )
