"""Jobs of several generations in one queue: each is delivered at the escrow that its key names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from agents_offchain.chain.addresses import Deployment
from agents_offchain.runtime.agent.hands import Fulfils
from agents_offchain.storage import work
from agents_offchain.storage.database import Database
from agents_offchain.storage.work import WorkItem, WorkQueue

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Deliveries:
    """One agent's deliveries, by generation.

    Args:
        newest: The market's newest deployment, which knows the older ones.
        by_generation: Number of the generation -> who delivers in it.
    """

    newest: Deployment
    by_generation: Mapping[int, Fulfils]
    queue: WorkQueue
    database: Database

    async def fulfil(self, item: WorkItem, owner: str) -> None:
        """A job of a generation that the deployment file knows no more is a dead letter, with the reason."""
        job = self.newest.job_of_key(item.job_key)
        if job is None:
            log.error("job_of_no_generation", job=item.job_key)
            reason = f"The job {item.job_key} is of no generation of this market."
            async with self.database.write() as connection:
                await self.queue.close(connection, owner, item.job_key, work.DEAD, reason)
            return
        await self.by_generation[job.generation].fulfil(item, owner)
