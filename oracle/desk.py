"""The process `publisher`: one watcher, the publisher's and the keeper's duty, and the sender of their lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Block
from agents_offchain.chain.watcher import ChainEvent, EventSink
from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.gas import GasWatch
from agents_offchain.runtime.generations import LaneSender
from oracle.chain_view import ChainView, Follower, Moment
from oracle.errors import CaseChanged
from oracle.keeper import Keeper
from oracle.publish.publisher import Publisher

log = structlog.get_logger(__name__)


class Chore(Protocol):
    """Something else that this account sends, once a step; how many intents it planned."""

    async def step(self) -> int: ...


class FanOut:
    """Gives the events of one watcher to several sinks, in one transaction."""

    def __init__(self, *sinks: EventSink) -> None:
        self._sinks = sinks

    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        for sink in self._sinks:
            await sink.apply(connection, events, head)

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        for sink in self._sinks:
            await sink.roll_back(connection, last_valid)


@dataclass
class Desk:
    """The oracle's hands: everything that it sends to the chain goes through here.

    Args:
        name: Of the process.
        chores: Done after the oracle's own duties.
    """

    name: str
    watcher: Follower
    chain: ChainView
    publisher: Publisher
    keeper: Keeper
    sender: LaneSender
    gas: GasWatch
    chores: Sequence[Chore] = ()

    async def setup(self) -> None:
        return None

    async def step(self) -> StepOutcome:
        """Take new blocks and messages, plan what is due, send what is planned."""
        watched = await self.watcher.step()
        if watched.rolled_back_to is not None:
            await self.sender.reopen_above(watched.rolled_back_to)
        moved = 0
        if watched.is_caught_up:
            for duty in (self.publisher.casebook, self.keeper.casebook):
                await self.chain.ascertain(duty, watched.block_number)
            moment = await self.chain.moment(watched.block_number)
            moved = await self._gather(moment)
            moved += await self._do_duties(moment)
            for chore in self.chores:
                moved += await chore.step()
        # Not before all facts are in: what is planned for a submission that was taken back would fail for good.
        sent = await self.sender.step() if watched.is_caught_up else 0
        await self.gas.look()
        return StepOutcome(
            is_idle=watched.is_caught_up and not (moved or sent),
            block_number=watched.block_number,
            backlog=await self.publisher.outbox.count_open(),
            detail=self.gas.alert,
        )

    async def close(self) -> None:
        return None

    async def _gather(self, moment: Moment) -> int:
        """A silent bus stops the gathering, not the settling."""
        try:
            return await self.publisher.gather(moment)
        except BusUnavailable as error:
            log.warning("bus_unavailable", process=self.name, **error.as_dict())
            return 0

    async def _do_duties(self, moment: Moment) -> int:
        try:
            return await self.publisher.publish(moment) + await self.keeper.keep(moment)
        except CaseChanged as error:
            log.info("case_changed", process=self.name, reason=error.message)
            return 1
