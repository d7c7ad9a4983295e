"""Those who work on an agent's jobs: the agent itself, and helpers in processes of their own.

A helper leases from the agent's queue and delivers; what is to be sent it leaves in the agent's outbox. It watches no
chain and holds no lane, so helpers come and go with the backlog: a lease given back, or run out, is the next one's.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agents_offchain.runtime.agent.orders import Orders
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.workers.pace import Pace
from agents_offchain.storage.work import WorkItem, WorkQueue


class Fulfils(Protocol):
    """Takes a leased job as far as it goes; a `Delivery` is one."""

    async def fulfil(self, item: WorkItem, owner: str) -> None: ...


@dataclass(kw_only=True)
class Hands:
    """Deliveries beside a loop.

    Args:
        name: Of the process.
        queue: The agent's jobs, whoever works on them.
        scratch: Folder of this process's workers' files; emptied at start.
        concurrency: Jobs in hand at most, where no pace measures how many are good.
    """

    name: str
    queue: WorkQueue
    delivery: Fulfils
    orders: Orders
    concurrency: int
    scratch: Path
    pace: Pace | None = None
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    async def _clear_desk(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.orders.look()
        self._owner = f"{self.name}:{os.getpid()}:{secrets.token_hex(4)}"

    async def _start_deliveries(self) -> int:
        started = 0
        room = self.concurrency if self.pace is None else self.pace.in_hand
        while len(self._running) < room:
            item = await self.queue.lease(self._owner)
            if item is None:
                break
            self._running.add(asyncio.create_task(self.delivery.fulfil(item, self._owner)))
            started += 1
        return started

    def _reap(self) -> None:
        """Drop finished deliveries; what they raised is the loop's to handle."""
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            task.result()


@dataclass(kw_only=True)
class Helper(Hands):
    """One helper of an agent, in a process of its own."""

    async def setup(self) -> None:
        await self._clear_desk()

    async def step(self) -> StepOutcome:
        """Take what is free, as far as there is room."""
        self._reap()
        await self.orders.look()
        started = await self._start_deliveries()
        return StepOutcome(is_idle=not started, backlog=len(self._running))
