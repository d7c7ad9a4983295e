"""The keeper's duty: end jobs whose time has come, for whoever performed. Anybody may; somebody must.

    new ──due by chain time, simulated──► settling ──JobCompleted, JobRejected──► (ended)
     ▲───────────────confirmed or refused, and the job still stands────┘

Submitted jobs are settled in batches, funded jobs that nobody delivered are refunded one by one (`noShow`).
Jobs come from events; when each is due is asked of the contracts and kept until an event changes the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from agents_offchain.chain.proxies.job_escrow import JobStatus, no_show_calldata
from agents_offchain.chain.proxies.result_oracle import settle_calldata
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from oracle.cases import FUNDED, NEW, SUBMITTED, Case, Casebook
from oracle.chain_view import ChainView, Moment
from oracle.errors import CaseChanged

log = structlog.get_logger(__name__)
SETTLING = "settling"
BATCH = 50
FOLLOW_SECONDS = 15.0
"""How long the events of a confirmed settlement may take to arrive."""
MAX_PAUSE_SECONDS = 600.0


class Rehearsal(Protocol):
    """Runs a call without sending it, as the keeper, at one block."""

    async def settle(self, job_ids: Sequence[int], *, block: int) -> int:
        """How many of these jobs would be settled."""
        ...

    async def no_show(self, job_id: int, *, block: int) -> bool:
        """Whether the refund would succeed."""
        ...


@dataclass
class Keeper:
    """Settles for one oracle.

    Args:
        name: Of its rows.
        outbox: The keeper's lane.
    """

    name: str
    chain: ChainView
    casebook: Casebook
    outbox: Outbox
    rehearsal: Rehearsal
    database: Database
    clock: Clock

    async def keep(self, moment: Moment) -> int:
        """Plan what is due; how many cases moved."""
        moved = await self._follow()
        moved += await self._learn(SUBMITTED, moment) + await self._learn(FUNDED, moment)
        due = [case for case in await self._due(SUBMITTED, moment, BATCH) if case.due_at]
        moved += await self._settle(due, moment)
        for case in await self._due(FUNDED, moment, BATCH):
            moved += await self._refund(case, moment) if case.due_at else 0
        return moved

    async def _due(self, chain_state: str, moment: Moment, limit: int) -> list[Case]:
        return await self.casebook.due(chain_state, [NEW], chain_time=moment.time, limit=limit)

    async def _learn(self, chain_state: str, moment: Moment) -> int:
        """Ask the contracts when the jobs not looked at yet are due."""
        unknown = await self.casebook.due(chain_state, [NEW], chain_time=0)
        for case in unknown:
            due_at = await self._due_at(case, moment)
            if due_at is None:
                await self.casebook.postpone(case, after_seconds=FOLLOW_SECONDS, error="The chain has moved on.")
                continue
            async with self.database.write() as connection:
                await self.casebook.advance(connection, case, NEW, due_at=due_at)
        return len(unknown)

    async def _due_at(self, case: Case, moment: Moment) -> int | None:
        """Chain time from which the job can be ended; None when it is not in this state any more."""
        if case.chain_state == SUBMITTED:
            return await self.chain.oracle.settleable_at(case.job_id, block=moment.block)
        try:
            job = await self.chain.job(case.job_id, moment.block)
        except CaseChanged:
            return None
        return job.work_by + 1 if job.status == JobStatus.FUNDED else None

    async def _settle(self, cases: Sequence[Case], moment: Moment) -> int:
        ready = await self._rehearse(cases, moment)
        if not ready:
            return 0
        key = "settle:" + sha256("|".join(_effect(case) for case in ready).encode()).hex()[:32]
        data = settle_calldata([case.job_id for case in ready])
        intent = Intent(intent_key=key, kind="settle", to=self.chain.oracle.address, data=data)
        await self._plan(intent, ready)
        log.info("settlement_planned", jobs=[case.job_id for case in ready])
        return len(ready)

    async def _rehearse(self, cases: Sequence[Case], moment: Moment) -> list[Case]:
        """The cases that would be settled now; the others wait."""
        ids = [case.job_id for case in cases]
        if not ids or await self.rehearsal.settle(ids, block=moment.block) == len(ids):
            return list(cases)
        ready = []
        for case in cases:
            if await self.rehearsal.settle([case.job_id], block=moment.block) == 1:
                ready.append(case)
            else:
                await self._wait(case, "The contract would not settle it now.")
        return ready

    async def _refund(self, case: Case, moment: Moment) -> int:
        if not await self.rehearsal.no_show(case.job_id, block=moment.block):
            await self._wait(case, "The contract would not refund it now.")
            return 0
        intent = Intent(
            intent_key=f"noshow:{_effect(case)}",
            kind="noShow",
            to=self.chain.escrow.address,
            data=no_show_calldata(case.job_id),
        )
        await self._plan(intent, [case])
        log.info("refund_planned", job=case.job_key)
        return 1

    async def _plan(self, intent: Intent, cases: Sequence[Case]) -> None:
        async with self.database.write() as connection:
            await self.outbox.plan(connection, intent)
            for case in cases:
                await self.casebook.advance(
                    connection, case, SETTLING, after_seconds=FOLLOW_SECONDS, intent=intent.intent_key
                )

    async def _follow(self) -> int:
        """Cases that are still not ended some time after their intent was through are begun again."""
        moved = 0
        for chain_state in (SUBMITTED, FUNDED):
            for case in await self.casebook.due(chain_state, [SETTLING]):
                item = await self.outbox.status(case.notes["intent"])
                if item is not None and item.status not in (CONFIRMED, FAILED):
                    continue
                tries = int(case.notes.get("tries", 0)) + 1
                pause = min(FOLLOW_SECONDS * 2.0 ** (tries - 1), MAX_PAUSE_SECONDS)
                log.warning("case_not_ended", job=case.job_key, intent=case.notes["intent"], tries=tries)
                async with self.database.write() as connection:
                    await self.casebook.advance(connection, case, NEW, after_seconds=pause, due_at=0, tries=tries)
                moved += 1
        return moved

    async def _wait(self, case: Case, reason: str) -> None:
        await self.casebook.postpone(case, after_seconds=FOLLOW_SECONDS, error=reason)


def _effect(case: Case) -> str:
    """Names one ending of one job; another try after a failed one is another effect."""
    return f"{case.job_key}:{case.submitted_at}:{case.notes.get('tries', 0)}"
