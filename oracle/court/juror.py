"""A juror: commits to its vote and reveals it in time, on every seat that it was drawn for.

    drawn ──somebody votes──► salt written ──commit phase──► committed ──reveal phase──► revealed ──► over

The vote comes from the operator (`aitbc juror vote`) or from a judge that does the work again. The salt is on disk
before the commitment leaves, so a juror that is killed anywhere can still reveal what it committed to.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from agents_offchain.chain.node import Block
from agents_offchain.chain.proxies.juror_court import COURT_ABI, CourtProxy, Phase, Standing, commitment_of
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.gas import GasWatch
from agents_offchain.runtime.generations import LaneSender
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from oracle.chain_view import Follower
from oracle.court.cases import CourtBook
from oracle.court.seats import OVER, Seat, SeatBook

log = structlog.get_logger(__name__)
LOOK_SECONDS = 3.0
SALT_BYTES = 32
NO_COMMITMENT = bytes(32)
WAITS = "It waits for your vote: `aitbc juror vote`."


class Judge(Protocol):
    """Makes up its mind about a disputed job."""

    async def share_of(self, job_id: int, *, block: int) -> int:
        """The provider's share in 1/10,000.

        Raises:
            Refused: it cannot be judged here; a person must.
            Retryable: not now.
        """
        ...


@dataclass
class Juror:
    """One juror in one process.

    Args:
        name: Of the process, of its cursor and its rows.
        judge: Votes where the operator has not; None is: the operator votes.
        entropy: Source of salts.
        others: Disputes of older generations with the same court, on which another juror of this process sits.
        is_own_desk_only: Whether it sits on no dispute but those of its own desk.
    """

    name: str
    chain_id: int
    address: bytes
    watcher: Follower
    court: CourtProxy
    cases: CourtBook
    seats: SeatBook
    outbox: Outbox
    sender: LaneSender
    gas: GasWatch
    database: Database
    clock: Clock
    judge: Judge | None = None
    entropy: Callable[[int], bytes] = secrets.token_bytes
    others: Sequence[CourtBook] = ()
    is_own_desk_only: bool = False

    async def setup(self) -> None:
        await self.court.node.require_chain(self.chain_id)

    async def step(self) -> StepOutcome:
        """Take new blocks, look at the seats that are due, send what is planned."""
        watched = await self.watcher.step()
        if watched.rolled_back_to is not None:
            await self.sender.reopen_above(watched.rolled_back_to)
        moved = sent = 0
        if watched.is_caught_up:
            head = await self.court.node.block()
            for seat in await self.seats.due() if head is not None else ():
                moved += await self._look(seat, head) if head is not None else 0
            sent = await self.sender.step()
        await self.gas.look()
        return StepOutcome(
            is_idle=watched.is_caught_up and not (moved or sent),
            block_number=watched.block_number,
            backlog=len(await self.seats.due()),
            detail=self.gas.alert,
        )

    async def close(self) -> None:
        return None

    async def _look(self, seat: Seat, head: Block) -> int:
        if not await self._is_ours(seat) or not await self._is_through(seat, head):
            await self.seats.put_off(seat, LOOK_SECONDS)
            return 0
        standing = await self.court.standing(seat.dispute_id, block=head.number)
        held = await self.court.seat(*seat.place, block=head.number)
        is_past = standing.round != seat.round or standing.phase in (Phase.APPEAL, Phase.OVER)
        if is_past or held.juror != self.address or held.is_revealed:
            await self.seats.put_off(seat, LOOK_SECONDS, stage=OVER, intent=None)
            return 1
        if standing.phase == Phase.COMMIT and held.commitment == NO_COMMITMENT:
            return await self._commit(seat, head)
        if standing.phase == Phase.REVEAL and held.commitment != NO_COMMITMENT:
            return await self._reveal(seat, held.commitment, standing)
        await self.seats.put_off(seat, LOOK_SECONDS)
        return 0

    async def _is_ours(self, seat: Seat) -> bool:
        """Whether no other juror of this process sits here; two would write two salts for one vote."""
        if self.is_own_desk_only:
            return await self.cases.of_dispute(seat.dispute_id) is not None
        for book in self.others:
            if await book.of_dispute(seat.dispute_id) is not None:
                return False
        return True

    async def _is_through(self, seat: Seat, head: Block) -> bool:
        item = await self.outbox.status(seat.intent) if seat.intent else None
        if item is None:
            return True
        return item.status in (CONFIRMED, FAILED) and (item.block_number or 0) <= head.number

    async def _commit(self, seat: Seat, head: Block) -> int:
        if seat.share_bps is None:
            await self._judge(seat, head)
            return 0
        if seat.salt is None:
            return int(await self.seats.keep_salt(seat, self.entropy(SALT_BYTES)))
        commitment = self._commitment(seat, seat.share_bps, seat.salt)
        await self._plan(seat, "commitVote", seat.dispute_id, seat.seat, commitment)
        return 1

    async def _judge(self, seat: Seat, head: Block) -> None:
        """Ask the judge, if there is one; a person is asked where it cannot say."""
        case = await self.cases.of_dispute(seat.dispute_id)
        if self.judge is None or case is None:
            await self.seats.put_off(seat, LOOK_SECONDS, error=WAITS)
            return
        try:
            share = await self.judge.share_of(case.job_id, block=head.number)
        except (Refused, Retryable) as error:
            log.warning("seat_not_judged", dispute=seat.dispute_id, reason=error.message)
            await self.seats.put_off(seat, LOOK_SECONDS, error=f"{error.message} {WAITS}")
            return
        log.info("seat_judged", dispute=seat.dispute_id, share_bps=share)
        await self.seats.vote(seat.dispute_id, share)

    async def _reveal(self, seat: Seat, commitment: bytes, standing: Standing) -> int:
        if seat.share_bps is None or seat.salt is None:
            await self.seats.put_off(seat, LOOK_SECONDS, error="It was committed elsewhere; reveal it there.")
            return 0
        if self._commitment(seat, seat.share_bps, seat.salt) != commitment:
            await self.seats.put_off(seat, LOOK_SECONDS, error="Another vote was committed for this seat.")
            return 0
        log.info("vote_to_reveal", dispute=seat.dispute_id, until=standing.ends_at)
        await self._plan(seat, "revealVote", seat.dispute_id, seat.seat, seat.share_bps, seat.salt)
        return 1

    async def _plan(self, seat: Seat, function: str, *args: Any) -> None:
        key = f"{function}:0x{self.court.court.hex()}:{':'.join(map(str, seat.place))}:{seat.tries}"
        data = COURT_ABI.encode_call(function, *args)
        async with self.database.write() as connection:
            await self.outbox.plan(connection, Intent(key, function, self.court.court, data))
            await self.seats.change(
                connection,
                seat.place,
                intent=key,
                tries=seat.tries + 1,
                error=None,
                not_before=self.clock.now_seconds() + LOOK_SECONDS,
            )

    def _commitment(self, seat: Seat, share_bps: int, salt: bytes) -> bytes:
        return commitment_of(self.chain_id, self.court.court, seat.place, self.address, share_bps, salt)
