"""The agent's loop: watch, take in, work, send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents_offchain.chain.sender import Sender
from agents_offchain.chain.watcher import StepResult, Watcher
from agents_offchain.runtime.agent.hands import Hands
from agents_offchain.runtime.agent.intake import Intake
from agents_offchain.runtime.agent.purse import Purse
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.generations import Followed


@dataclass
class Ear:
    """How an agent hears of the jobs of an older generation."""

    watcher: Watcher
    intake: Intake
    block_number: int = 0


@dataclass(kw_only=True)
class AgentDaemon(Hands):
    """One agent in one process, with or without helpers.

    Args:
        watcher: Of the newest generation, like `intake`.
        older: Of the generations before it, each with a place in the events and an inbox of its own; `followed` says
            which of them still matter. The jobs of all come into one queue, and what is sent goes through one lane.
        worries: A sentence that a person should see beside the heartbeat, such as of a budget nearly used; else empty.
    """

    watcher: Watcher
    intake: Intake
    sender: Sender
    purse: Purse | None = None
    older: Sequence[Ear] = ()
    followed: Followed | None = None
    worries: Callable[[], str] = str

    async def setup(self) -> None:
        await self.watcher.node.require_chain(self.watcher.deployment.chain_id)
        await self._clear_desk()

    async def step(self) -> StepOutcome:
        """Advance each part a little; deliveries run beside the loop.

        Nothing is sent before all facts are taken in: a job's number may mean another job by now.
        """
        self._reap()
        ordered = await self.orders.step()
        watched, facts, is_current = await self._hear(self.watcher, self.intake)
        is_caught_up = watched.is_caught_up
        for ear in self.older:
            if self.followed is not None and await self.followed.rests(ear.watcher.deployment, ear.block_number):
                continue
            heard, more, is_ear_current = await self._hear(ear.watcher, ear.intake)
            ear.block_number = heard.block_number if is_ear_current else 0
            facts, is_current = facts + more, is_current and is_ear_current
            is_caught_up = is_caught_up and heard.is_caught_up
        changed = await self.sender.step() if is_current else 0
        if is_current and self.purse is not None:
            changed += await self.purse.step()
        started = await self._start_deliveries()
        backlog = await self.queue.count_open()
        return StepOutcome(
            is_idle=is_caught_up and not (facts or changed or started or ordered),
            block_number=watched.block_number,
            backlog=backlog,
            detail=self._detail(backlog),
        )

    async def _hear(self, watcher: Watcher, intake: Intake) -> tuple[StepResult, int, bool]:
        """Take a generation's next blocks and facts: how far, how many facts, and whether they were all."""
        watched = await watcher.step()
        if watched.rolled_back_to is not None:
            await self.sender.reopen_above(watched.rolled_back_to)
        facts = await intake.step(block=watched.block_number)
        return watched, facts, watched.is_caught_up and not await intake.inbox.count_pending()

    def _detail(self, backlog: int) -> str:
        alert = "; ".join(filter(None, (self.purse.alert if self.purse is not None else "", self.worries())))
        if self.orders.draining_since is None:
            return alert
        drain = f"draining, {backlog} in hand" if backlog else "drained"
        return f"{drain}; {alert}" if alert else drain
