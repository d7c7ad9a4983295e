"""Which generation of the market a daemon still has to follow: the newest always, an older one until it is empty.

Empty is one without a job that can still move, of which everything was taken in, and which owes the daemon nothing. It
is looked at again now and then, and followed again where somebody hired in it after all, or it owes something again:
its place is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from agents_offchain.chain.addresses import Deployment
from agents_offchain.primitives.clock import Clock
from agents_offchain.runtime.daemon import Daemon, StepOutcome
from agents_offchain.storage.database import Database
from agents_offchain.storage.generations import last_event_block, open_jobs

log = structlog.get_logger(__name__)
LOOK_SECONDS = 5.0
Owed = Callable[[Deployment], Awaitable[int]]
"""What a generation owes a daemon's account, in the smallest unit of its token; 0 while nothing keeps it there."""


async def _nothing(deployment: Deployment) -> int:
    """The daemon has no account that anything could be owed to."""
    return 0


@dataclass
class Followed:
    """Says of each generation whether it has to be followed.

    Args:
        name: Of the daemon, in the log.
        database: With the read model; where nothing is indexed, everything is followed.
    """

    name: str
    newest: Deployment
    database: Database
    clock: Clock
    owed: Owed = _nothing
    _resting: set[int] = field(default_factory=set)
    _due_at: dict[int, float] = field(default_factory=dict)

    async def rests(self, each: Deployment, block_number: int) -> bool:
        """Whether an older generation needs no step now.

        Args:
            block_number: Up to which its events were taken.
        """
        number, now = each.generation, self.clock.now_seconds()
        if number == self.newest.generation:
            return False
        if now < self._due_at.get(number, 0.0):
            return number in self._resting
        self._due_at[number] = now + LOOK_SECONDS
        is_empty = await self._is_empty(each, block_number)
        if is_empty and number not in self._resting:
            self._resting.add(number)
            log.info("generation_empty", daemon=self.name, generation=number, open_jobs=0, owed=0)
        elif not is_empty and number in self._resting:
            self._resting.discard(number)
            log.warning("generation_followed_again", daemon=self.name, generation=number)
        return is_empty

    async def _is_empty(self, each: Deployment, block_number: int) -> bool:
        left = await open_jobs(self.database, each.chain_id)
        if left is None or left.get(each.generation):
            return False
        is_taken = each.generation in self._resting or block_number >= await last_event_block(
            self.database, each.chain_id, each.generation
        )
        return is_taken and not await self.owed(each)


class LaneSender(Protocol):
    """Takes a lane's intents to the chain; `chain.sender.Sender` is one."""

    async def step(self) -> int: ...

    async def reopen_above(self, block_number: int) -> int: ...


class LentLane:
    """The lane of an older generation's daemon: the newest one's sends for both, once all facts of both are in."""

    def __init__(self, sender: LaneSender) -> None:
        self._sender = sender

    async def step(self) -> int:
        return 0

    async def reopen_above(self, block_number: int) -> int:
        return await self._sender.reopen_above(block_number)


@dataclass
class PerGeneration:
    """One duty in every generation, in one process: a daemon for each, with rows and a place in the events of its own.

    Args:
        name: Of the process.
        newest: Steps last, so that it sends for all once the older ones have taken in their facts.
        older: Oldest first.
    """

    name: str
    newest: Daemon
    older: Sequence[tuple[Deployment, Daemon]]
    followed: Followed
    _taken: dict[int, int] = field(default_factory=dict)

    async def setup(self) -> None:
        for daemon in self._all():
            await daemon.setup()

    async def step(self) -> StepOutcome:
        """Step every generation that is still followed."""
        outcomes = []
        for each, daemon in self.older:
            if not await self.followed.rests(each, self._taken.get(each.generation, 0)):
                outcomes.append(await daemon.step())
                self._taken[each.generation] = outcomes[-1].block_number
        newest = await self.newest.step()
        outcomes.append(newest)
        return StepOutcome(
            is_idle=all(outcome.is_idle for outcome in outcomes),
            block_number=newest.block_number,
            backlog=max(outcome.backlog for outcome in outcomes),
            detail=newest.detail,
        )

    async def close(self) -> None:
        for daemon in self._all():
            await daemon.close()

    def _all(self) -> list[Daemon]:
        return [*(daemon for _, daemon in self.older), self.newest]
