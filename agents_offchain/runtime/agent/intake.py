"""From facts to work: which jobs concern this agent, and in which state.

The escrow's events say that something changed; the escrow's view at the confirmed block says what is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.proxies.job_escrow import Job, JobEscrowProxy, JobStatus
from agents_offchain.storage import work
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Fact, Inbox, InboxItem
from agents_offchain.storage.work import WorkQueue

log = structlog.get_logger(__name__)
ENDINGS = ("JobCompleted", "JobRejected", "JobExpired")
MAX_ATTEMPTS = 10
"""Tries for a fact whose job the chain does not know: a reorganisation is under way, or it never returns."""
WANTED = ("JobDescribed", "JobFunded", *ENDINGS)


def wants(event: Fact) -> bool:
    """What an agent's inbox keeps."""
    return event.contract == "JobEscrow" and event.name in WANTED


@dataclass
class Intake:
    """Handles an agent's facts, oldest first.

    Args:
        wallet: The agent's wallet, 20 bytes; jobs of other providers are none of its business.
    """

    inbox: Inbox
    queue: WorkQueue
    escrow: JobEscrowProxy
    deployment: Deployment
    database: Database
    wallet: bytes

    async def step(self, *, block: int) -> int:
        """Handle what is pending, as seen at `block`; how many facts."""
        items = await self.inbox.pending()
        for item in items:
            await self._handle(item, block)
        return len(items)

    async def _handle(self, item: InboxItem, block: int) -> None:
        try:
            job = await self.escrow.job(int(item.args["jobId"]), block=max(block, item.block_number))
        except ContractReverted as error:
            await self.inbox.mark_failed(item, error.message, max_attempts=MAX_ATTEMPTS)
            return
        async with self.database.write() as connection:
            if job.provider == self.wallet:
                await self._record(connection, item, job)
            await self.inbox.mark_done(connection, item)

    async def _record(self, connection: AsyncConnection, item: InboxItem, job: Job) -> None:
        job_key = self.deployment.job_key(job.job_id)
        known = await self.queue.find(connection, job_key)
        status = status_of(job)
        if item.event == "JobDescribed":
            await self._describe(connection, job_key, known, item, status)
        elif known is not None and known.status in (work.OPEN, work.NEW):
            await self.queue.set_status(connection, job_key, status)
        elif known is not None and job.status.is_final and known.status == work.DELIVERED:
            await self.queue.set_status(connection, job_key, work.DONE)

    async def _describe(
        self, connection: AsyncConnection, job_key: str, known: work.WorkItem | None, item: InboxItem, status: str
    ) -> None:
        terms = terms_of(item)
        if known is None:
            await self.queue.add(connection, job_key, terms, status)
            log.info("job_seen", job=job_key, status=status)
        elif known.terms != terms:
            log.warning("job_terms_changed", job=job_key)
            await self.queue.replace_terms(connection, job_key, terms)


def terms_of(item: InboxItem) -> dict[str, Any]:
    """What the work row keeps of `JobDescribed`; it names the job even across a reorganisation."""
    return {
        "job_id": int(item.args["jobId"]),
        "description": item.args["description"],
        "tx_hash": "0x" + item.tx_hash.hex(),
    }


def status_of(job: Job) -> str:
    """Where a job of ours stands, for a queue that starts from the chain alone."""
    if job.status == JobStatus.OPEN:
        return work.OPEN
    if job.status == JobStatus.FUNDED:
        return work.NEW
    return work.DELIVERED if job.status == JobStatus.SUBMITTED else work.DONE
