"""What the oracle's daemons read of the chain, all of it at one block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agents_offchain.chain.errors import ContractReverted, NodeUnavailable
from agents_offchain.chain.node import Block
from agents_offchain.chain.proxies.job_escrow import Job, JobStatus, Policy
from agents_offchain.chain.proxies.result_oracle import PostedVerdict, SignerSet
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

    async def epoch_at(self, time: int, *, block: int) -> int: ...

    async def signer_set(self, epoch: int, *, block: int) -> SignerSet: ...

    async def verdict(self, job_id: int, *, block: int) -> PostedVerdict | None: ...

    async def settleable_at(self, job_id: int, *, block: int) -> int | None: ...


@dataclass(frozen=True)
class Moment:
    """One block; `time` is its own, in unix seconds."""

    block: int
    time: int
    hash: bytes


class ChainView:
    """Reads for the daemons of one oracle."""

    def __init__(self, headers: HeaderReader, escrow: EscrowReader, oracle: OracleReader) -> None:
        self._headers = headers
        self.escrow = escrow
        self.oracle = oracle
        self._known_at = b""
        self._epochs: dict[int, int] = {}
        self._sets: dict[int, SignerSet] = {}

    async def moment(self, block: int) -> Moment:
        """Raises NodeUnavailable when the node lost the block meanwhile."""
        header = await self._headers.block(block)
        if header is None:
            raise NodeUnavailable("The chain changed while it was read.", retry_after_seconds=0.1)
        return Moment(block, header.timestamp, header.hash)

    async def judges(self, submitted_at: int, moment: Moment) -> SignerSet:
        """The signer set in force when the work was submitted: it alone judges it, whatever rotated since.

        What a block says is remembered until the next one.
        """
        if moment.hash != self._known_at:
            self._epochs, self._sets, self._known_at = {}, {}, moment.hash
        if submitted_at not in self._epochs:
            self._epochs[submitted_at] = await self.oracle.epoch_at(submitted_at, block=moment.block)
        epoch = self._epochs[submitted_at]
        if epoch == 0:
            return SignerSet(0, (), 1)
        if epoch not in self._sets:
            self._sets[epoch] = await self.oracle.signer_set(epoch, block=moment.block)
        return self._sets[epoch]

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
