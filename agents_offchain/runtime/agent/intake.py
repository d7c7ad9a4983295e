"""From facts to work: which jobs concern this agent, and in which state.

The escrow's events say that something changed; the escrow's view at the confirmed block says what is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.proxies.job_escrow import Job, JobEscrowProxy, JobStatus
from agents_offchain.runtime.agent.intents import intent_keys
from agents_offchain.storage import work
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Fact, Inbox, InboxItem
from agents_offchain.storage.outbox import Outbox
from agents_offchain.storage.work import WorkQueue

log = structlog.get_logger(__name__)
ENDINGS = ("JobCompleted", "JobRejected", "JobExpired")
MAX_ATTEMPTS = 10
"""Tries for a fact whose job the chain does not know: a reorganisation is under way, or it never returns."""
WANTED = ("JobDescribed", "ProviderSet", "JobFunded", *ENDINGS)


Ended = Callable[[str, str], Awaitable[None]]
"""Told of a job of ours, by its key, and the fact that ended it; may be told twice."""


async def _nobody(job_key: str, event: str) -> None:
    """Nobody wants to know how jobs end."""


def wants(event: Fact) -> bool:
    """What an agent's inbox keeps."""
    return event.contract == "JobEscrow" and event.name in WANTED


@dataclass
class Intake:
    """Handles an agent's facts, oldest first.

    Args:
        wallet: The agent's wallet, 20 bytes; jobs of other providers are none of its business.
        outbox: The wallet's lane; what was planned for a job that is no more is withdrawn there.
        ended: Who learns from how a job ended.
    """

    inbox: Inbox
    queue: WorkQueue
    escrow: JobEscrowProxy
    deployment: Deployment
    database: Database
    wallet: bytes
    outbox: Outbox
    ended: Ended = _nobody

    async def step(self, *, block: int) -> int:
        """Handle what is pending, as seen at `block`; how many facts."""
        handled = 0
        for item in await self.inbox.pending():
            handled += await self._handle(item, block)
        return handled

    async def _handle(self, item: InboxItem, block: int) -> bool:
        """Whether the fact is done with; one whose job the chain does not know is looked at again later."""
        try:
            job = await self.escrow.job(int(item.args["jobId"]), block=max(block, item.block_number))
        except ContractReverted as error:
            await self.inbox.mark_failed(item, error.message, max_attempts=MAX_ATTEMPTS)
            return False
        if item.event in ENDINGS and job.provider == self.wallet:
            await self.ended(self.deployment.job_key(job.job_id), item.event)
        async with self.database.write() as connection:
            await self._record(connection, item, job)
            await self.inbox.mark_done(connection, item)
        return True

    async def _record(self, connection: AsyncConnection, item: InboxItem, job: Job) -> None:
        job_key = self.deployment.job_key(job.job_id)
        known = await self.queue.find(connection, job_key)
        status = self._status_of(job)
        is_described = item.event == "JobDescribed"
        if known is None:
            if is_described and status is not None:
                await self.queue.add(connection, job_key, terms_of(item), status)
                log.info("job_seen", job=job_key, status=status)
        elif is_described and known.terms != terms_of(item):
            log.warning("job_terms_changed", job=job_key)
            for key in intent_keys(job_key, known.terms):
                await self.outbox.withdraw(connection, key, "The job's number means another job now.")
            await self.queue.replace_terms(connection, job_key, terms_of(item), status or work.DONE)
        elif is_moved(known.status, status or work.DONE):
            await self.queue.set_status(connection, job_key, status or work.DONE)

    def _status_of(self, job: Job) -> str | None:
        """Where a job stands for us, from the chain alone; None for other providers' jobs.

        A job whose provider is not named yet may become ours.
        """
        if job.provider == self.wallet:
            return status_of(job)
        return work.OPEN if job.provider == bytes(20) and job.status == JobStatus.OPEN else None


def terms_of(item: InboxItem) -> dict[str, Any]:
    """What the work row keeps of `JobDescribed`; it names the job even across a reorganisation."""
    return {
        "job_id": int(item.args["jobId"]),
        "description": item.args["description"],
        "tx_hash": "0x" + item.tx_hash.hex(),
    }


def is_moved(held: str, status: str) -> bool:
    """Whether a job is to be moved to where the chain has it.

    One in hand is its holder's to end. One that ended here waits again when the chain has it funded: its
    fact came back after a reorganisation, and what was planned for it may have failed meanwhile.
    """
    if held in (work.LEASED, work.DEAD) or held == status:
        return False
    return held != work.REFUSED or status == work.NEW


def status_of(job: Job) -> str:
    """Where a job of ours stands, for a queue that starts from the chain alone."""
    if job.status == JobStatus.OPEN:
        return work.OPEN
    if job.status == JobStatus.FUNDED:
        return work.NEW
    return work.DELIVERED if job.status == JobStatus.SUBMITTED else work.DONE
