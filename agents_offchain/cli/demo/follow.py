"""Watch one job from the hire to the pay, by reading the chain; what daemons say on the way is shown, not trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import Job, JobEscrowProxy, JobStatus
from agents_offchain.chain.proxies.result_oracle import PostedVerdict, ResultOracleProxy
from agents_offchain.cli.demo.errors import DemoFailed
from agents_offchain.primitives.errors import Retryable
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import progress, verdict_signatures
from oracle.quorum.ledger import UNSIGNED

POLL_SECONDS = 0.15
T = TypeVar("T")
Note = Callable[[str], None]


@dataclass(frozen=True)
class PostedEvent:
    """What `VerdictPosted` says; `signers` are addresses of reporters whose signatures were posted."""

    report_hash: bytes
    deliverable: bytes
    score: int
    signers: tuple[bytes, ...]


class JobFollower:
    """Reads one job's way."""

    def __init__(self, node: Node, database: Database, deployment: Deployment, job_id: int) -> None:
        self._node = node
        self._database = database
        self._deployment = deployment
        self._job_id = job_id
        self._shown = 0
        self.escrow = JobEscrowProxy.of(node, deployment)
        self.oracle = ResultOracleProxy(node, deployment.address("ResultOracle"))

    async def until_submitted(self, note: Note, patience_seconds: float) -> Job:
        """Raises DemoFailed when the job ends otherwise, or nothing is handed over in time."""

        async def look() -> Job | None:
            job = await self.escrow.job(self._job_id)
            if job.status in (JobStatus.REJECTED, JobStatus.EXPIRED):
                raise DemoFailed(f"The job was {job.status.name.lower()}: {await self._last_words()}")
            return job if job.status >= JobStatus.SUBMITTED else None

        return await self._wait(look, note, patience_seconds, "The agent has not handed over a result")

    async def until_posted(self, note: Note, patience_seconds: float) -> PostedVerdict:
        """Raises DemoFailed when no verdict is posted in time."""

        async def look() -> PostedVerdict | None:
            return await self.oracle.verdict(self._job_id)

        return await self._wait(look, note, patience_seconds, "No verdict was posted")

    async def until_agreed(self, quorum: int, note: Note, patience_seconds: float) -> int:
        """Wait until `quorum` reporters have signed the same report, or a verdict stands; how many have."""

        async def look() -> int | None:
            count = len(await self.agreeing())
            is_posted = await self.oracle.verdict(self._job_id) is not None
            return count if count >= quorum or is_posted else None

        return await self._wait(look, note, patience_seconds, "The reporters have not agreed")

    async def until_settled(self, note: Note, patience_seconds: float) -> Job:
        """Raises DemoFailed when the job is not paid in time."""

        async def look() -> Job | None:
            job = await self.escrow.job(self._job_id)
            if job.status in (JobStatus.REJECTED, JobStatus.EXPIRED):
                raise DemoFailed(f"The job was {job.status.name.lower()} instead of paid.")
            return job if job.status == JobStatus.COMPLETED else None

        return await self._wait(look, note, patience_seconds, "The job was not settled")

    async def agreeing(self) -> set[bytes]:
        """Addresses of the reporters whose signed verdicts on the likeliest report are kept for this job."""
        key = self._deployment.job_key(self._job_id)
        table = verdict_signatures
        query = select(table.c.signer, table.c.report_hash).where(table.c.job_key == key, table.c.signature != UNSIGNED)
        signers: dict[bytes, set[bytes]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                signers.setdefault(bytes(row.report_hash), set()).add(bytes(row.signer))
        return max(signers.values(), key=len, default=set())

    async def posted_event(self, first: int, last: int) -> PostedEvent:
        """The event of the posted verdict.

        Raises:
            DemoFailed: there is none in these blocks.
        """
        abi = load_abi("ResultOracle")
        reporters = await self.oracle.reporters()
        for entry in await self._node.logs([self.oracle.address], first, last):
            found = abi.decode_log(entry.topics, entry.data)
            if found is not None and found[0] == "VerdictPosted" and int(found[1]["jobId"]) == self._job_id:
                event = found[1]
                bits = int(event["signerBitmap"])
                signers = tuple(address for index, address in enumerate(reporters) if bits >> index & 1)
                return PostedEvent(event["reportHash"], event["deliverable"], int(event["score"]), signers)
        raise DemoFailed("The chain has no event of the posted verdict.")

    async def _wait(self, look: Callable[[], Awaitable[T | None]], note: Note, patience: float, what: str) -> T:
        try:
            async with asyncio.timeout(patience):
                while True:
                    found = await self._try(look)
                    await self._show_progress(note)
                    if found is not None:
                        return found
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise DemoFailed(f"{what} within {patience:.0f} s.") from error

    async def _try(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        try:
            return await look()
        except Retryable:
            return None

    async def _show_progress(self, note: Note) -> None:
        for source, detail in (await self._progress())[self._shown :]:
            self._shown += 1
            note(f"{source}: {detail}")

    async def _progress(self) -> list[tuple[str, str]]:
        key = self._deployment.job_key(self._job_id)
        query = select(progress.c.source, progress.c.detail).where(progress.c.job_key == key).order_by(progress.c.id)
        async with self._database.read() as connection:
            return [(row.source, row.detail) for row in (await connection.execute(query)).all()]

    async def _last_words(self) -> str:
        said = await self._progress()
        return said[-1][1] if said else "no reason was given"
