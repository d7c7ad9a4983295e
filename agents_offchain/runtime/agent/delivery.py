"""One job, from lease to planned submission. Every line may be the last one this process runs.

What is lost with the process is only time: artifacts are content-addressed, the skill is repeatable,
and the submission is one intent under one key. The lease is renewed while the skill runs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.errors import ContractReverted, RpcRefused
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import Job, JobEscrowProxy, JobStatus, decline_calldata, submit_calldata
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError, Contested, Refused, Retryable
from agents_offchain.runtime.agent.decision import Declined, Market, decide
from agents_offchain.runtime.agent.intents import DECLINE, SUBMIT, intent_key
from agents_offchain.runtime.agent.orders import REASON
from agents_offchain.runtime.documents import RequestDocument, build_result, parse_request, request_cid_of
from agents_offchain.runtime.profiles.profile import Profile
from agents_offchain.runtime.workers.limits import WorkerDied
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.storage import work
from agents_offchain.storage.artifacts.errors import ArtifactNotFound
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Inbox
from agents_offchain.storage.outbox import Intent, Outbox
from agents_offchain.storage.progress import record_progress
from agents_offchain.storage.work import LeaseLost, WorkItem, WorkQueue

log = structlog.get_logger(__name__)
RETRY_SECONDS = 3.0
DECLINE_MARGIN_SECONDS = 30
"""An input that stays unreadable is declined this long before the work is due."""


class ArtifactReader(Protocol):
    """What delivery needs of the artifact store."""

    async def get(self, cid: str, max_bytes: int) -> bytes: ...

    async def put(self, data: bytes) -> str: ...


Objection = Callable[[RequestDocument, str], Awaitable[str]]
"""Of a request and a job's key: why this machine cannot or may not do it now, by its models and budgets; else empty."""


async def _none(request: RequestDocument, job_key: str) -> str:
    """Nothing stands against any job."""
    return ""


class InputMismatch(Refused):
    """The input's bytes are not what the request says."""


@dataclass
class Delivery:
    """Does the work of one agent.

    Args:
        inbox: Of the generation's facts.
        source: Name of the daemon, for progress lines and lease owners.
        takes: Whether a leased job may be begun; one that may not is declined.
        objection: Asked before any work is done, such as whether a model fits and its cost is within the budget.
    """

    queue: WorkQueue
    inbox: Inbox
    outbox: Outbox
    database: Database
    artifacts: ArtifactReader
    escrow: JobEscrowProxy
    node: Node
    deployment: Deployment
    profile: Profile
    market: Market
    run_skill: SkillRunner
    clock: Clock
    source: str
    takes: Callable[[WorkItem], bool] = lambda item: True
    objection: Objection = _none

    async def fulfil(self, item: WorkItem, owner: str) -> None:
        """Take a leased job as far as it goes: submission planned, declined, or given back to be retried."""
        renewing = asyncio.create_task(self._keep_lease(owner, item.job_key))
        try:
            await self._fulfil(item, owner)
        except LeaseLost as error:
            log.warning("lease_lost", job=item.job_key, reason=error.message)
        except Retryable as error:  # while another trouble was written down: the lease runs out
            log.warning("job_left", job=item.job_key, **error.as_dict())
        except asyncio.CancelledError:
            with contextlib.suppress(AitbcError):
                await self.queue.retry_later(owner, item.job_key, after_seconds=0, error="The agent was stopped.")
            raise
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing

    async def _fulfil(self, item: WorkItem, owner: str) -> None:
        """Work, and answer trouble by its family; what is fatal is the loop's."""
        try:
            await self._work(item, owner)
        except LeaseLost:
            raise
        except (Retryable, RpcRefused) as error:
            await self._retry(item, owner, error)
        except ContractReverted as error:
            await self._doubt(item, owner, error.message)
        except Contested as error:
            log.error("job_frozen", job=item.job_key, **error.as_dict())
            await self._say(item, "frozen", error.message)
            await self._close(item, owner, work.DEAD, error.message)
        except Refused as error:
            await self._decline(item, owner, str(error))

    async def _work(self, item: WorkItem, owner: str) -> None:
        job = await self.escrow.job(item.terms["job_id"])
        if job.status == JobStatus.OPEN:
            await self._doubt(item, owner, "The job is not funded.")
            return
        if job.status != JobStatus.FUNDED:
            await self._close(item, owner, work.DONE, f"The job is {job.status.name.lower()} already.")
            return
        checkpoint = item.checkpoint
        if "deliverable" not in checkpoint:
            if not self.takes(item):
                await self._decline(item, owner, REASON)
                return
            request_cid = request_cid_of(item.terms["description"])
            request = parse_request(await self.artifacts.get(request_cid, 1 << 20))
            verdict = await self._decide(job, request)
            if isinstance(verdict, Declined):
                await self._decline(item, owner, verdict.reason)
                return
            against = await self.objection(request, item.job_key)
            if against:
                await self._decline(item, owner, against)
                return
            checkpoint = await self._produce(item, owner, job, request_cid, request)
        await self._plan_submission(item, owner, job, checkpoint)

    async def _decide(self, job: Job, request: RequestDocument) -> Any:
        head = await self.node.block()
        now = head.timestamp if head else int(self.clock.now_seconds())
        policy = await self.escrow.policy(job.policy_id)
        return decide(job, policy, request, self.profile, self.market, now=now)

    async def _produce(
        self, item: WorkItem, owner: str, job: Job, request_cid: str, request: RequestDocument
    ) -> dict[str, Any]:
        """Run the skill and store what it made; the checkpoint that says so."""
        await self._say(item, "started", f"Working on {request.service}, attempt {item.attempts}.")
        inputs: dict[str, bytes] = {}
        for file in request.files:
            data = await self.artifacts.get(file.cid, self.profile.limits.input_mib << 20)
            if len(data) != file.bytes or sha256(data).hex() != file.sha256:
                raise InputMismatch("The input's bytes are not those that the request names.")
            inputs[file.cid] = data
        told = request.as_dict() | {"account": {"job": item.job_key, "client": job.client.hex()}}
        result = await self.run_skill(request.service, told, inputs, self.profile.limits.worker())
        artifacts = {
            name: {"cid": await self.artifacts.put(content), "media_type": kind, "bytes": len(content)}
            for name, (kind, content) in sorted(result.artifacts.items())
        }
        document = build_result(
            service=request.service,
            chain_id=self.deployment.chain_id,
            escrow=self.escrow.address,
            job_id=job.job_id,
            request_cid=request_cid,
            output=result.output,
            artifacts=artifacts,
            evidence=result.evidence,
        )
        checkpoint = {"deliverable": sha256(document).hex(), "result_cid": await self.artifacts.put(document)}
        await self.queue.save_checkpoint(owner, item.job_key, checkpoint)
        await self._say(item, "stored", f"The result is stored as {checkpoint['result_cid']}.")
        return checkpoint

    async def _plan_submission(self, item: WorkItem, owner: str, job: Job, checkpoint: dict[str, Any]) -> None:
        deliverable = bytes.fromhex(checkpoint["deliverable"])
        intent = Intent(
            intent_key=intent_key(SUBMIT, item.job_key, item.terms),
            kind=SUBMIT,
            to=self.escrow.address,
            data=submit_calldata(job.job_id, deliverable),
        )
        async with self.database.write() as connection:
            await self.outbox.plan_again(connection, intent)
            await self.queue.close(connection, owner, item.job_key, work.DELIVERED)
            await record_progress(
                connection,
                item.job_key,
                "delivering",
                "Handing the result over on chain.",
                source=self.source,
                at=self.clock.now_seconds(),
            )

    async def _decline(self, item: WorkItem, owner: str, reason: str) -> None:
        """Refund the client now rather than let the deadline do it."""
        log.info("job_declined", job=item.job_key, reason=reason)
        intent = Intent(
            intent_key=intent_key(DECLINE, item.job_key, item.terms),
            kind=DECLINE,
            to=self.escrow.address,
            data=decline_calldata(item.terms["job_id"]),
        )
        async with self.database.write() as connection:
            await self.outbox.plan_again(connection, intent)
            await self.queue.close(connection, owner, item.job_key, work.REFUSED, reason)
            await record_progress(
                connection, item.job_key, "declined", reason, source=self.source, at=self.clock.now_seconds()
            )

    async def _retry(self, item: WorkItem, owner: str, error: Retryable | RpcRefused) -> None:
        """Outages of ours are waited out; a worker that keeps dying ends in a decline."""
        if isinstance(error, WorkerDied):
            deaths = item.checkpoint.get("deaths", 0) + 1
            if deaths >= self.profile.acceptance.max_attempts:
                await self._decline(item, owner, f"The skill failed {deaths} times: {error.message}")
                return
            await self.queue.save_checkpoint(owner, item.job_key, {**item.checkpoint, "deaths": deaths})
        if isinstance(error, ArtifactNotFound) and await self._is_almost_due(item):
            await self._decline(item, owner, f"The input cannot be fetched: {error.message}")
            return
        log.warning("job_retried", job=item.job_key, **error.as_dict())
        pause = max(error.retry_after_seconds, RETRY_SECONDS) if isinstance(error, Retryable) else RETRY_SECONDS
        await self.queue.retry_later(owner, item.job_key, after_seconds=pause, error=error.message)

    async def _doubt(self, item: WorkItem, owner: str, reason: str) -> None:
        """The escrow does not have what a fact told: blocks were taken back, or the node that was asked is behind.

        Facts outrank a read. While this job's stand it is looked at again; once they are taken back it is ended, and
        should they return, so does the job.
        """
        async with self.database.write() as connection:
            stands = await self.inbox.stands(
                connection, self.deployment.chain_id, bytes.fromhex(item.terms["tx_hash"].removeprefix("0x"))
            )
            if not stands:
                await self.queue.close(connection, owner, item.job_key, work.DONE, reason)
        if stands:
            log.info("job_doubted", job=item.job_key, reason=reason)
            await self.queue.retry_later(owner, item.job_key, after_seconds=RETRY_SECONDS, error=reason)

    async def _is_almost_due(self, item: WorkItem) -> bool:
        try:
            job = await self.escrow.job(item.terms["job_id"])
        except ContractReverted:  # the next look says so
            return False
        head = await self.node.block()
        return head is not None and job.work_by - head.timestamp < DECLINE_MARGIN_SECONDS

    async def _close(self, item: WorkItem, owner: str, status: str, reason: str) -> None:
        async with self.database.write() as connection:
            await self.queue.close(connection, owner, item.job_key, status, reason)

    async def _say(self, item: WorkItem, stage: str, detail: str) -> None:
        async with self.database.write() as connection:
            await record_progress(
                connection, item.job_key, stage, detail, source=self.source, at=self.clock.now_seconds()
            )

    async def _keep_lease(self, owner: str, job_key: str) -> None:
        """Renew until the job ends or is somebody else's, in which case nothing of ours is written."""
        while True:
            await asyncio.sleep(self.queue.lease_seconds / 3)
            try:
                await self.queue.renew(owner, job_key)
            except LeaseLost:
                return
            except Retryable as error:
                log.warning("lease_not_renewed", job=job_key, **error.as_dict())
