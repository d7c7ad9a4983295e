"""The bailiff: carries each dispute on to its end, for whoever is in the right. Anybody may; somebody must.

    opened ──half the time to refer is over, or countered──► referred ──seed block came──► drawn ──jurors vote──►
    over ──► ruled ──► closed;   without a ruling: ruled by silence after `ruleBy`

Each look asks the contracts which step they would accept now; there is no state of our own to be wrong about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from agents_offchain.chain.block_header import header_bytes
from agents_offchain.chain.node import Block
from agents_offchain.chain.proxies.juror_court import COURT_ABI, DESK_ABI, CourtProxy, OpenDispute, Phase
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from oracle.court.cases import ENDED, CourtBook, CourtCase

log = structlog.get_logger(__name__)
LOOK_SECONDS = 5.0
MAX_PAUSE_SECONDS = 300.0
CLOSED = "JurorCourt_AlreadyClosed"
LOST_SEED = "BlockSeed_OutOfReach"


@dataclass(frozen=True)
class CourtCall:
    """A step that the contracts would accept now."""

    contract: str
    function: str
    args: tuple[Any, ...]


@dataclass
class Bailiff:
    """Carries disputes of one desk.

    Args:
        sender: Whose lane the steps go through.
    """

    court: CourtProxy
    cases: CourtBook
    outbox: Outbox
    sender: bytes
    database: Database
    clock: Clock

    async def step(self) -> int:
        """Look at the disputes that are due; how many steps were planned or ended."""
        moved = 0
        for case in await self.cases.due():
            head = await self.court.node.block()
            if head is None:
                return moved
            moved += await self._look(case, head)
        return moved

    async def _look(self, case: CourtCase, head: Block) -> int:
        if not await self._is_through(case, head):
            await self.cases.put_off(case, LOOK_SECONDS)
            return 0
        dispute = await self.court.dispute(case.job_id, block=head.number)
        dispute_id = dispute.dispute_id or case.dispute_id or 0
        call = await self._next(case, dispute, dispute_id, head)
        if call is not None:
            await self._plan(case, call)
            return 1
        if not dispute.rule_by and await self._is_closed(dispute_id, head):
            async with self.database.write() as connection:
                await self.cases.change(connection, case.job_id, stage=ENDED, intent=None)
            log.info("dispute_over", job=case.job_id)
            return 1
        await self.cases.put_off(case, LOOK_SECONDS)
        return 0

    async def _is_through(self, case: CourtCase, head: Block) -> bool:
        """Whether the last step has been mined, or failed, and the head shows it."""
        item = await self.outbox.status(case.intent) if case.intent else None
        if item is None:
            return True
        return item.status in (CONFIRMED, FAILED) and (item.block_number or 0) <= head.number

    async def _next(self, case: CourtCase, dispute: OpenDispute, dispute_id: int, head: Block) -> CourtCall | None:
        if dispute.rule_by:
            rule = CourtCall("DisputeDesk", "rule", (case.job_id,))
            if await self._accepts(rule, head):
                return rule
            if not dispute.is_referred:
                return await self._refer(case, dispute, head)
        if not dispute_id:
            return None
        standing = await self.court.standing(dispute_id, block=head.number)
        if standing.phase == Phase.DRAW:
            return await self._draw(dispute_id, standing.round, head)
        close = CourtCall("JurorCourt", "close", (dispute_id,))
        if standing.phase == Phase.OVER and not dispute.rule_by and await self._accepts(close, head):
            return close
        return None

    async def _refer(self, case: CourtCase, dispute: OpenDispute, head: Block) -> CourtCall | None:
        """Leave the parties half of the time to agree, or for the other to put up its bond."""
        latest = dispute.rule_by - await self.court.longest_seconds(block=head.number)
        is_time = dispute.is_countered or head.timestamp >= case.opened_at + (latest - case.opened_at) // 2
        refer = CourtCall("DisputeDesk", "refer", (case.job_id,))
        return refer if is_time and await self._accepts(refer, head) else None

    async def _draw(self, dispute_id: int, round_number: int, head: Block) -> CourtCall | None:
        seed_block = await self.court.seed_block(dispute_id, round_number, block=head.number)
        if head.number <= seed_block:
            return None
        raw = await self.court.node.request("eth_getBlockByNumber", hex(seed_block), False)
        if raw is not None:
            draw = CourtCall("JurorCourt", "draw", (dispute_id, header_bytes(raw)))
            refusal = await self._refusal(draw, head)
            if refusal != LOST_SEED:
                return None if refusal else draw
        renew = CourtCall("JurorCourt", "renewDraw", (dispute_id,))
        return renew if await self._accepts(renew, head) else None

    async def _is_closed(self, dispute_id: int, head: Block) -> bool:
        if not dispute_id:
            return True
        return await self._refusal(CourtCall("JurorCourt", "close", (dispute_id,)), head) == CLOSED

    async def _accepts(self, call: CourtCall, head: Block) -> bool:
        return not await self._refusal(call, head)

    async def _refusal(self, call: CourtCall, head: Block) -> str:
        return await self.court.refusal(call.contract, call.function, *call.args, sender=self.sender, block=head.number)

    async def _plan(self, case: CourtCase, call: CourtCall) -> None:
        """Note the step in the transaction that plans it; another try of it is another effect."""
        abi, to = (DESK_ABI, self.court.desk) if call.contract == "DisputeDesk" else (COURT_ABI, self.court.court)
        key = f"{call.function}:0x{to.hex()}:{call.args[0]}:{case.tries}"
        pause = min(LOOK_SECONDS * 2.0 ** min(case.tries // 8, 10), MAX_PAUSE_SECONDS)
        async with self.database.write() as connection:
            await self.outbox.plan(
                connection, Intent(key, call.function, to, abi.encode_call(call.function, *call.args))
            )
            await self.cases.change(
                connection,
                case.job_id,
                intent=key,
                tries=case.tries + 1,
                not_before=self.clock.now_seconds() + pause,
            )
        log.info("court_step_planned", job=case.job_id, step=call.function)
