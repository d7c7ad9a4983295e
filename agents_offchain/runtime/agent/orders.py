"""What an operator has asked of an agent: to take no new jobs, or to take them again.

A drain is a fact with a time. Jobs that were the agent's before it are finished; one that came after it is declined,
which gives the client the money back at once. A restart changes nothing: the newest handled command counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from agents_offchain.storage.commands import REFUSED, CommandBook
from agents_offchain.storage.work import WorkItem

log = structlog.get_logger(__name__)
DRAIN, RESUME = "drain", "resume"
KINDS = (DRAIN, RESUME)
REASON = "The agent takes no new jobs: it is being drained."


@dataclass
class Orders:
    """One agent's orders.

    Args:
        target: The agent's daemon, by name.
    """

    book: CommandBook
    target: str
    draining_since: float | None = None

    async def look(self) -> None:
        """How things stand: from the newest order that was handled."""
        newest = await self.book.newest(self.target, KINDS)
        self.draining_since = newest.handled_at if newest is not None and newest.kind == DRAIN else None

    async def step(self) -> int:
        """Handle what is new, oldest first; how many."""
        pending = await self.book.pending(self.target)
        for command in pending:
            if command.kind in KINDS:
                at = await self.book.finish(command)
                self.draining_since = at if command.kind == DRAIN else None
                log.info("order_taken", kind=command.kind, by=command.requested_by)
            else:
                await self.book.finish(command, REFUSED, f"An agent knows {', '.join(KINDS)}.")
        return len(pending)

    def takes(self, item: WorkItem) -> bool:
        """Whether a leased job may be begun. One that was begun before is always finished."""
        is_new = item.attempts == 1 and self.draining_since is not None and item.changed_at > self.draining_since
        return not is_new
