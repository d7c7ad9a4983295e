"""The indexer: events to read tables."""

from __future__ import annotations

from agents_offchain.cli.bootstrap.surroundings import surroundings
from agents_offchain.indexer.daemon import CONSUMER, Indexer
from agents_offchain.indexer.rebuild import index_watchers
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.daemon import StepOutcome


class IndexerDaemon:
    """The indexer in the shape of the daemons' loop, which its own room may not know."""

    name = CONSUMER

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer

    async def setup(self) -> None:
        await self._indexer.setup()

    async def step(self) -> StepOutcome:
        outcome = await self._indexer.step()
        return StepOutcome(outcome.is_idle, outcome.block_number, outcome.backlog, outcome.detail)

    async def close(self) -> None:
        await self._indexer.close()


async def run_indexer(settings: Settings) -> int:
    """Follow the chain from the deployment's first block, or from where the cursor stands."""
    async with surroundings(settings) as around:
        *older, newest = index_watchers(
            around.node,
            around.database,
            around.deployment,
            confirmations=settings.confirmations,
            retained=settings.retained_blocks,
            clock=around.clock,
        )
        return await around.run(IndexerDaemon(Indexer(newest, around.node, around.database, older)))
