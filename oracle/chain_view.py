"""What the oracle's daemons read of the chain, all of it at one block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agents_offchain.chain.errors import ContractReverted, NodeUnavailable
from agents_offchain.chain.node import Block
from agents_offchain.chain.proxies.job_escrow import Job, JobStatus, Policy
from agents_offchain.chain.proxies.result_oracle import PostedVerdict
from agents_offchain.chain.watcher import StepResult
from oracle.cases import ENDED, FUNDED, OPEN, SUBMITTED, Casebook
from oracle.errors import CaseChanged

STATE_OF = {
    JobStatus.OPEN: OPEN,
    JobStatus.FUNDED: FUNDED,
    JobStatus.SUBMITTED: SUBMITTED,
    JobStatus.COMPLETED: ENDED,
    JobStatus.REJECTED: ENDED,
    JobStatus.EXPIRED: ENDED,
}


class Follower(Protocol):
    """What brings events in; `chain.watcher.Watcher` is one."""

    async def step(self) -> StepResult: ...


class HeaderReader(Protocol):
    """`chain.node.Node` is one."""

    async def block(self, number: int) -> Block | None: ...


class EscrowReader(Protocol):
    """`chain.proxies.job_escrow.JobEscrowProxy` is one."""

    @property
    def address(self) -> bytes: ...

    async def job(self, job_id: int, *, block: int) -> Job: ...

    async def policy(self, policy_id: int, *, block: int) -> Policy: ...


class OracleReader(Protocol):
    """`chain.proxies.result_oracle.ResultOracleProxy` is one."""

    @property
    def address(self) -> bytes: ...

    async def reporters(self, *, block: int) -> Sequence[bytes]: ...

    async def quorum(self, *, block: int) -> int: ...

    async def epoch(self, *, block: int) -> int: ...

    async def verdict(self, job_id: int, *, block: int) -> PostedVerdict | None: ...

    async def settleable_at(self, job_id: int, *, block: int) -> int | None: ...


@dataclass(frozen=True)
class Moment:
    """One block and the signer set in force at it; `time` is the block's, in unix seconds."""

    block: int
    time: int
    reporters: tuple[bytes, ...]
    quorum: int
    epoch: int


class ChainView:
    """Reads for the daemons of one oracle."""

    def __init__(self, headers: HeaderReader, escrow: EscrowReader, oracle: OracleReader) -> None:
        self._headers = headers
        self.escrow = escrow
        self.oracle = oracle

    async def moment(self, block: int) -> Moment:
        """Raises NodeUnavailable when the node lost the block meanwhile."""
        header = await self._headers.block(block)
        if header is None:
            raise NodeUnavailable("The chain changed while it was read.", retry_after_seconds=0.1)
        return Moment(
            block=block,
            time=header.timestamp,
            reporters=tuple(await self.oracle.reporters(block=block)),
            quorum=await self.oracle.quorum(block=block),
            epoch=await self.oracle.epoch(block=block),
        )

    async def job(self, job_id: int, block: int) -> Job:
        """A house job.

        Raises:
            CaseChanged: the chain has no such job at this block, or another evaluator's.
        """
        try:
            job = await self.escrow.job(job_id, block=block)
        except ContractReverted as error:
            raise CaseChanged(f"Job {job_id} is not on the chain.") from error
        if job.evaluator != self.oracle.address:
            raise CaseChanged(f"Job {job_id} is another evaluator's.")
        return job

    async def ascertain(self, casebook: Casebook, block: int) -> int:
        """Read again what a reorganisation put in doubt; how many cases."""
        cases = await casebook.unsure()
        for case in cases:
            try:
                job = await self.job(case.job_id, block)
            except CaseChanged:
                await casebook.forget(case)
                continue
            is_posted = await self.oracle.verdict(case.job_id, block=block) is not None
            await casebook.ascertain(case, STATE_OF[job.status], is_posted=is_posted)
        return len(cases)
