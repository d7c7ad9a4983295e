"""The casebook: one row per house job, kept by events, and how far a daemon of the oracle is with it.

`CaseSink` writes what the chain says in the transaction that moves the watcher's cursor, so a case is never
ahead of or behind it. `Casebook` reads cases and moves their stage; every move names the stage and the
submission it expects, so that news from the chain wins over work on old news.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Block
from agents_offchain.chain.watcher import ChainEvent
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.hexes import decode_address
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.tables.journal import verdict_signatures
from agents_offchain.storage.tables.verdicts import oracle_cases
from agents_offchain.storage.upsert import upsert
from oracle.errors import CaseChanged

OPEN, FUNDED, SUBMITTED, ENDED, UNSURE = "open", "funded", "submitted", "ended", "unsure"
"""What the chain says; `unsure` after a reorganisation, until it was read again."""
NEW = "new"
"""First stage of every daemon."""


@dataclass(frozen=True)
class Case:
    """A house job as one daemon sees it; `submitted_at` is 0 and `deliverable` empty before the submission.

    `due_at` is the chain time from which the keeper may end the job, 0 while it has not looked.
    """

    job_key: str
    job_id: int
    chain_state: str
    is_posted: bool
    policy_id: int
    request_uri: str
    submitted_at: int
    deliverable: bytes
    due_at: int
    stage: str
    notes: dict[str, Any]
    attempts: int


class CaseSink:
    """Takes a watcher's events into the casebook.

    Args:
        consumer: The daemon's name; the same as its watcher's.
        chain_id: Chain of the deployment.
        escrow: The escrow's address, 20 bytes; it names the jobs.
        oracle: The evaluator whose jobs are house jobs, 20 bytes.
    """

    def __init__(self, consumer: str, chain_id: int, escrow: bytes, oracle: bytes, clock: Clock | None = None) -> None:
        self._consumer = consumer
        self._prefix = f"{chain_id}:0x{escrow.hex()}"
        self._oracle = oracle
        self._clock = clock or SystemClock()

    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        for event in events:
            if event.contract == "JobEscrow" or event.name == "VerdictPosted":
                await self._take(connection, event)

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        await connection.execute(
            update(oracle_cases)
            .where(oracle_cases.c.consumer == self._consumer, oracle_cases.c.changed_block > last_valid)
            .values(chain_state=UNSURE, changed_block=last_valid, due_at=0, updated_at=self._clock.now_seconds())
        )

    async def _take(self, connection: AsyncConnection, event: ChainEvent) -> None:
        match event.name:
            case "JobCreated":
                if decode_address(event.args["evaluator"]) == self._oracle:
                    await self._open(connection, event)
            case "JobDescribed":
                uri, policy_id = event.args["description"], event.args["policyId"]
                await self._change(connection, event, request_uri=uri, policy_id=policy_id)
            case "JobFunded":
                await self._change(connection, event, chain_state=FUNDED, **self._untouched())
            case "JobSubmitted":
                await self._submit(connection, event)
            case "VerdictPosted":
                await self._change(connection, event, is_posted=True)
            case "JobCompleted" | "JobRejected" | "JobExpired":
                await self._change(connection, event, chain_state=ENDED)

    async def _open(self, connection: AsyncConnection, event: ChainEvent) -> None:
        """A new job; after a reorganisation its id may have belonged to another one."""
        row = {
            "consumer": self._consumer,
            "job_key": self._key(event),
            "job_id": event.args["jobId"],
            "chain_state": OPEN,
            "is_posted": False,
            "policy_id": 0,
            "request_uri": "",
            "submitted_at": 0,
            "deliverable": b"",
            "changed_block": event.block_number,
            "due_at": 0,
            "updated_at": self._clock.now_seconds(),
            **self._untouched(),
        }
        await upsert(connection, oracle_cases, row)

    async def _submit(self, connection: AsyncConnection, event: ChainEvent) -> None:
        """A submission seen before (it came back after a reorganisation) keeps the work done on it."""
        held = (await connection.execute(select(oracle_cases).where(self._at(event)))).first()
        facts = {"submitted_at": event.block_time, "deliverable": bytes(event.args["deliverable"])}
        is_same = held is not None and all(getattr(held, name) == value for name, value in facts.items())
        fresh = {} if is_same else {**facts, **self._untouched()}
        await self._change(connection, event, chain_state=SUBMITTED, is_posted=False, **fresh)

    async def _change(self, connection: AsyncConnection, event: ChainEvent, **values: Any) -> None:
        """Jobs of other evaluators have no row and stay without one."""
        await connection.execute(
            update(oracle_cases)
            .where(self._at(event))
            .values(**values, changed_block=event.block_number, due_at=0, updated_at=self._clock.now_seconds())
        )

    def _at(self, event: ChainEvent) -> Any:
        return and_(oracle_cases.c.consumer == self._consumer, oracle_cases.c.job_key == self._key(event))

    def _key(self, event: ChainEvent) -> str:
        return f"{self._prefix}:{event.args['jobId']}"

    @staticmethod
    def _untouched() -> dict[str, Any]:
        return {"stage": NEW, "notes": {}, "not_before": 0.0, "attempts": 0, "error": None}


class Casebook:
    """One daemon's cases."""

    def __init__(self, database: Database, consumer: str, clock: Clock | None = None) -> None:
        self._database = database
        self.consumer = consumer
        self._clock = clock or SystemClock()

    async def due(
        self,
        chain_state: str,
        stages: Collection[str],
        *,
        is_posted: bool | None = None,
        chain_time: int | None = None,
        limit: int = 50,
    ) -> list[Case]:
        """Cases in this state and one of these stages whose time has come, oldest first.

        Args:
            chain_time: Only cases whose `due_at` is not after it.
        """
        query = select(oracle_cases).where(
            oracle_cases.c.consumer == self.consumer,
            oracle_cases.c.chain_state == chain_state,
            oracle_cases.c.stage.in_(list(stages)),
            is_due(oracle_cases.c.not_before, self._clock.now_seconds()),
        )
        if is_posted is not None:
            query = query.where(oracle_cases.c.is_posted == is_posted)
        if chain_time is not None:
            query = query.where(oracle_cases.c.due_at <= chain_time)
        query = query.order_by(oracle_cases.c.not_before, oracle_cases.c.changed_block, oracle_cases.c.job_key)
        async with self._database.read() as connection:
            return [_case(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def unsure(self, limit: int = 50) -> list[Case]:
        """Cases whose state a reorganisation put in doubt."""
        query = select(oracle_cases).where(
            oracle_cases.c.consumer == self.consumer, oracle_cases.c.chain_state == UNSURE
        )
        async with self._database.read() as connection:
            return [_case(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def with_verdicts(self, count: int) -> list[Case]:
        """Unposted submissions not yet dealt with on which at least `count` signed verdicts are held."""
        held = verdict_signatures
        query = (
            select(oracle_cases)
            .join(
                held,
                and_(
                    held.c.consumer == oracle_cases.c.consumer,
                    held.c.job_key == oracle_cases.c.job_key,
                    held.c.submitted_at == oracle_cases.c.submitted_at,
                ),
            )
            .where(
                oracle_cases.c.consumer == self.consumer,
                oracle_cases.c.chain_state == SUBMITTED,
                oracle_cases.c.stage == NEW,
                oracle_cases.c.is_posted.is_(False),
                is_due(oracle_cases.c.not_before, self._clock.now_seconds()),
            )
            .group_by(*oracle_cases.c)
            .having(func.count() >= count)
        )
        async with self._database.read() as connection:
            return [_case(row) for row in (await connection.execute(query)).all()]

    async def get(self, job_key: str) -> Case | None:
        query = select(oracle_cases).where(oracle_cases.c.consumer == self.consumer, oracle_cases.c.job_key == job_key)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _case(row)

    async def count(self, chain_state: str, stages: Collection[str]) -> int:
        query = select(func.count()).where(
            oracle_cases.c.consumer == self.consumer,
            oracle_cases.c.chain_state == chain_state,
            oracle_cases.c.stage.in_(list(stages)),
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def advance(
        self,
        connection: AsyncConnection,
        case: Case,
        stage: str,
        *,
        after_seconds: float = 0.0,
        due_at: int | None = None,
        **notes: Any,
    ) -> None:
        """Move a case on, in the caller's transaction; `notes` are added to what is noted.

        Raises:
            CaseChanged: it is not where it was when it was read.
        """
        result = await connection.execute(
            self._expected(case).values(
                stage=stage,
                due_at=case.due_at if due_at is None else due_at,
                notes={**case.notes, **notes},
                not_before=self._clock.now_seconds() + after_seconds,
                attempts=0 if stage != case.stage else case.attempts,
                error=None,
                updated_at=self._clock.now_seconds(),
            )
        )
        if result.rowcount != 1:
            raise CaseChanged(f"{case.job_key} changed meanwhile.", retry_after_seconds=0.0)

    async def wake(self, connection: AsyncConnection, job_key: str, submitted_at: int) -> None:
        """Look at a case now that was put off; something new came in about it."""
        await connection.execute(
            update(oracle_cases)
            .where(
                oracle_cases.c.consumer == self.consumer,
                oracle_cases.c.job_key == job_key,
                oracle_cases.c.submitted_at == submitted_at,
                oracle_cases.c.stage == NEW,
            )
            .values(not_before=0.0)
        )

    async def postpone(self, case: Case, *, after_seconds: float, error: str) -> None:
        """Try a case again later; nothing happens when it changed meanwhile."""
        async with self._database.write() as connection:
            await connection.execute(
                self._expected(case).values(
                    not_before=self._clock.now_seconds() + after_seconds,
                    attempts=case.attempts + 1,
                    error=error[:2000],
                    updated_at=self._clock.now_seconds(),
                )
            )

    async def give_up(self, case: Case, stage: str, reason: str) -> None:
        """End the work on a case with the reason kept."""
        async with self._database.write() as connection:
            await connection.execute(
                self._expected(case).values(stage=stage, error=reason[:2000], updated_at=self._clock.now_seconds())
            )

    async def ascertain(self, case: Case, chain_state: str, *, is_posted: bool) -> None:
        """Write what the chain says after a reorganisation, unless an event said so before."""
        async with self._database.write() as connection:
            await connection.execute(
                self._expected(case)
                .where(oracle_cases.c.chain_state == UNSURE)
                .values(chain_state=chain_state, is_posted=is_posted, updated_at=self._clock.now_seconds())
            )

    async def forget(self, case: Case) -> None:
        """The chain took back the job itself."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(oracle_cases).where(
                    oracle_cases.c.consumer == self.consumer,
                    oracle_cases.c.job_key == case.job_key,
                    oracle_cases.c.chain_state == UNSURE,
                )
            )

    def _expected(self, case: Case) -> Any:
        return update(oracle_cases).where(
            oracle_cases.c.consumer == self.consumer,
            oracle_cases.c.job_key == case.job_key,
            oracle_cases.c.stage == case.stage,
            oracle_cases.c.submitted_at == case.submitted_at,
            oracle_cases.c.deliverable == case.deliverable,
        )


def _case(row: Any) -> Case:
    return Case(
        job_key=row.job_key,
        job_id=row.job_id,
        chain_state=row.chain_state,
        is_posted=row.is_posted,
        policy_id=row.policy_id,
        request_uri=row.request_uri,
        submitted_at=row.submitted_at,
        deliverable=bytes(row.deliverable),
        stage=row.stage,
        notes=dict(row.notes),
        attempts=row.attempts,
        due_at=row.due_at,
    )
