"""The agent's loop: watch, take in, work, send."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from agents_offchain.chain.sender import Sender
from agents_offchain.chain.watcher import Watcher
from agents_offchain.runtime.agent.delivery import Delivery
from agents_offchain.runtime.agent.intake import Intake
from agents_offchain.runtime.agent.orders import Orders
from agents_offchain.runtime.agent.purse import Purse
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.workers.pace import Pace
from agents_offchain.storage.work import WorkQueue


@dataclass
class AgentDaemon:
    """One agent in one process.

    Args:
        scratch: Folder of its workers' files; emptied at start.
        concurrency: Jobs in hand at most, where no pace measures how many are good.
    """

    name: str
    watcher: Watcher
    intake: Intake
    delivery: Delivery
    queue: WorkQueue
    sender: Sender
    orders: Orders
    concurrency: int
    scratch: Path
    pace: Pace | None = None
    purse: Purse | None = None
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def setup(self) -> None:
        await self.watcher.node.require_chain(self.watcher.deployment.chain_id)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.orders.look()
        self._owner = f"{self.name}:{os.getpid()}:{secrets.token_hex(4)}"

    async def step(self) -> StepOutcome:
        """Advance each part a little; deliveries run beside the loop.

        Nothing is sent before all facts are taken in: a job's number may mean another job by now.
        """
        self._reap()
        ordered = await self.orders.step()
        watched = await self.watcher.step()
        if watched.rolled_back_to is not None:
            await self.sender.reopen_above(watched.rolled_back_to)
        facts = await self.intake.step(block=watched.block_number)
        is_current = watched.is_caught_up and not await self.intake.inbox.count_pending()
        changed = await self.sender.step() if is_current else 0
        if is_current and self.purse is not None:
            changed += await self.purse.step()
        started = await self._start_deliveries()
        backlog = await self.queue.count_open()
        return StepOutcome(
            is_idle=watched.is_caught_up and not (facts or changed or started or ordered),
            block_number=watched.block_number,
            backlog=backlog,
            detail=self._detail(backlog),
        )

    def _detail(self, backlog: int) -> str:
        alert = self.purse.alert if self.purse is not None else ""
        if self.orders.draining_since is None:
            return alert
        drain = f"draining, {backlog} in hand" if backlog else "drained"
        return f"{drain}; {alert}" if alert else drain

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

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
