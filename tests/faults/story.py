"""One job from hire to payment on a house, with a place for a fault at each of its three states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, JobStatus
from agents_offchain.chain.proxies.result_oracle import ResultOracleProxy
from tests.faults.client import Client, Hired
from tests.faults.house import PATIENCE_SECONDS, ROLES, SIGNER, House, NeverCame
from tests.faults.judge import Findings, Judge

FUNDED, SUBMITTED, SETTLED = "funded", "submitted", "settled"
STATES = (FUNDED, SUBMITTED, SETTLED)
Fault = Callable[[str, Hired], Awaitable[None]]


class StoryEnded(AssertionError):
    """A job does not go on; the house is of no more use."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(str(findings))
        self.findings = findings


async def nothing(state: str, hired: Hired) -> None:
    """No fault."""


class Stage:
    """A house, its client and its judge.

    Attributes:
        cast: The daemons that the story needs.
        mortals: Who is killed in it.
        words: Of the names of boundaries; only those with one of them are tried, all when there are none.
    """

    cast: tuple[str, ...] = tuple(ROLES)
    mortals: tuple[str, ...] = (SIGNER, *ROLES)
    words: tuple[str, ...] = ()

    def __init__(self, house: House) -> None:
        self.house = house
        self.client = Client(house)

    async def set(self) -> None:
        await self.client.arrive()
        self.judge = Judge(self.house, self.client)
        oracle = self.house.deployment.address("ResultOracle")
        self.oracle = ResultOracleProxy(self.house.node, oracle)
        escrow = JobEscrowProxy.of(self.house.node, self.house.deployment)
        policy = await escrow.policy(self.house.deployment.policy_id)
        self._review_seconds = policy.review_seconds
        self._verdict_seconds = policy.verdict_seconds

    async def tell(self, fault: Fault = nothing) -> Findings:
        """Hire, wait for the work, the verdict and the payment; `fault` strikes when a state is reached."""
        since = await self.house.node.block_number()
        with self.until_lost():
            hired = await self.client.hire()
            await fault(FUNDED, hired)
            await self.until_settled([hired], fault)
        findings = await self.judge.judge([hired.job_id])
        transactions = await self.judge.transactions(since)
        for job_id, count in self.judge.submissions(transactions).items():
            if count != 1:
                findings.doubled.append(f"submit was sent {count} times for job {job_id}")
        findings.wrong += self.judge.auditor.look(transactions)
        return findings

    @contextmanager
    def until_lost(self) -> Iterator[None]:
        """What does not come to be in here ends the story."""
        try:
            yield
        except NeverCame as error:
            words = " ".join(f"[{name}] {self.house.last_words(name)}" for name in self.house.processes)
            raise StoryEnded(Findings(lost=[f"{error} {words}"])) from error

    async def until_settled(
        self, jobs: list[Hired], fault: Fault = nothing, *, seconds: float = PATIENCE_SECONDS
    ) -> None:
        for hired in jobs:
            await self.client.until_status(hired.job_id, JobStatus.SUBMITTED, seconds=seconds)
            await fault(SUBMITTED, hired)
        for hired in jobs:
            await self._until_due(hired, seconds)
        for hired in jobs:
            await self.client.until_status(hired.job_id, JobStatus.COMPLETED, seconds=seconds)
            await fault(SETTLED, hired)
        for hired in jobs:
            await self.client.until_status(hired.job_id, JobStatus.COMPLETED, seconds=seconds)

    async def _until_due(self, hired: Hired, seconds: float) -> None:
        """Wait for the verdict, then let the review window pass."""

        await self.until_judged(hired, seconds=seconds)
        if not await self._is_final(hired):
            await self.house.pass_time(self._review_seconds + 1)

    async def until_judged(self, hired: Hired, *, seconds: float = PATIENCE_SECONDS) -> None:
        async def is_judged() -> bool:
            return await self.oracle.verdict(hired.job_id) is not None or await self._is_final(hired)

        await self.house.until(is_judged, f"job {hired.job_id} has its verdict", seconds=seconds)

    async def _is_final(self, hired: Hired) -> bool:
        return (await self.client.status(hired.job_id)).is_final
