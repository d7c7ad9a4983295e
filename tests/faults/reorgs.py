"""Reorganisations of depth 1 to 30 under a funded, a submitted and a settled job."""

from __future__ import annotations

import contextlib
import random

from agents_offchain.chain.errors import RpcRefused
from agents_offchain.primitives.errors import Retryable
from tests.faults.client import Hired
from tests.faults.house import ROLES
from tests.faults.judge import ESCROW
from tests.faults.kills import Watch
from tests.faults.report import Report
from tests.faults.story import FUNDED, SETTLED, SUBMITTED, Stage

DEPTHS = range(1, 31)
EVENT_OF = {FUNDED: "JobFunded", SUBMITTED: "JobSubmitted", SETTLED: "JobCompleted"}


def name_of(depth: int) -> str:
    """How a depth is called in the report's file."""
    return f"depth {depth}"


class Reorgs:
    """Takes blocks back under jobs, so that the block of the job's newest event is the deepest one to go."""

    def __init__(self, stage: Stage, report: Report, seed: int) -> None:
        self.stage = stage
        self.house = stage.house
        self.report = report
        self._random = random.Random(seed)
        self._gone = 0

    async def tell_all(self, depths: list[int]) -> None:
        """Tell the depths in their order; each is taken off the list when it begins."""
        await self.house.start_all()
        while depths:
            await self._tell(depths.pop(0))

    async def _tell(self, depth: int) -> None:
        self._gone = 0

        async def strike(state: str, hired: Hired) -> None:
            await self._reorganise(state, hired, depth)

        watch = Watch(self.house)
        async with watch.on(ROLES):
            findings = await self.stage.tell(strike)
        findings.add(watch.findings, "watch")
        where = f"depth {depth} under a funded, a submitted, a settled job; {self._gone} took the event with them"
        self.report.note("reorganisations", where, findings, count=len(EVENT_OF), items=[name_of(depth)])

    async def _reorganise(self, state: str, hired: Hired, depth: int) -> None:
        """Half of the time a funded job's transaction returns in the new blocks, else the client sends it again."""
        block = await self._block_of(EVENT_OF[state], hired.job_id)
        if block is None:
            return
        head = await self.house.node.block_number()
        await self.house.mine(max(depth - (head - block + 1), 0))
        self._gone += await self.house.node.block_number() - block + 1 <= depth
        returning = [["0x" + hired.raw.hex(), self._random.randrange(depth)]]
        is_returning = state == FUNDED and self._random.random() < 0.5
        await self.house.node.request("anvil_reorg", depth, returning if is_returning else [])
        if await self._block_of("JobFunded", hired.job_id) is None:
            with contextlib.suppress(RpcRefused, Retryable):  # the node may have kept it
                await self.house.node.send_raw(hired.raw)
            await self.stage.client.receipt_of(hired.raw)

    async def _block_of(self, event: str, job_id: int) -> int | None:
        query = {
            "address": "0x" + self.house.deployment.address("JobEscrow").hex(),
            "fromBlock": "0x0",
            "topics": ["0x" + ESCROW.topic(event).hex(), "0x" + job_id.to_bytes(32, "big").hex()],
        }
        found = await self.house.node.request("eth_getLogs", query)
        return int(found[-1]["blockNumber"], 16) if found else None
