"""The agent's loop: watch, take in, work, send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents_offchain.chain.sender import Sender
from agents_offchain.chain.watcher import Watcher
from agents_offchain.runtime.agent.hands import Hands
from agents_offchain.runtime.agent.intake import Intake
from agents_offchain.runtime.agent.purse import Purse
from agents_offchain.runtime.daemon import StepOutcome


@dataclass(kw_only=True)
class AgentDaemon(Hands):
    """One agent in one process, with or without helpers.

    Args:
        worries: A sentence that a person should see beside the heartbeat, such as of a budget nearly used; else empty.
    """

    watcher: Watcher
    intake: Intake
    sender: Sender
    purse: Purse | None = None
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
        alert = "; ".join(filter(None, (self.purse.alert if self.purse is not None else "", self.worries())))
        if self.orders.draining_since is None:
            return alert
        drain = f"draining, {backlog} in hand" if backlog else "drained"
        return f"{drain}; {alert}" if alert else drain
