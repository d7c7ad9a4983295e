"""Where the watcher puts events: the `events` table, the rows folded from it, and word of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.node import Block
from agents_offchain.chain.watcher import ChainEvent
from agents_offchain.indexer.facts import JOB, Fact, fact_of
from agents_offchain.indexer.projections.transaction import FeeOwners
from agents_offchain.indexer.refold import Change, Refolder
from agents_offchain.storage.tables.read_model import chain_heads, changes, events
from agents_offchain.storage.upsert import insert_many, upsert

KEPT_CHANGES = 10_000


class IndexSink:
    """An `EventSink` that keeps the read model equal to the fold of one generation's standing events.

    Args:
        says_head: Whether the read model's head is where this one stands.
        kept_changes: Rows of `changes` kept for live readers.
    """

    def __init__(self, deployment: Deployment, kept_changes: int = KEPT_CHANGES, *, says_head: bool = True) -> None:
        self._chain_id = deployment.chain_id
        self._generation = deployment.generation
        self._says_head = says_head
        owners = FeeOwners(deployment.treasury, deployment.address("ResultOracle"))
        self._refolder = Refolder(deployment.chain_id, deployment.generation, owners)
        self._kept_changes = kept_changes

    async def apply(self, connection: AsyncConnection, taken: Sequence[ChainEvent], head: Block) -> None:
        """Store events of blocks up to `head` and fold what they touch. Taking a log twice changes nothing."""
        if taken:
            facts = [fact_of(event, self._generation) for event in taken]
            await insert_many(connection, events, facts)
            touched = {
                (fact.entity, fact.entity_id)
                for fact in facts
                if fact.entity is not None and fact.entity_id is not None
            }
            changed = await self._refolder.refold(connection, touched, _jobs_from_their_start(facts))
            await self._announce(connection, changed, head.number)
        if self._says_head:
            await upsert(
                connection,
                chain_heads,
                {"chain_id": self._chain_id, "block_number": head.number, "block_time": head.timestamp},
            )

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        """Forget the events above `last_valid` and fold what they had touched."""
        ours = (events.c.chain_id == self._chain_id) & (events.c.generation == self._generation)
        above = ours & (events.c.block_number > last_valid)
        query = select(events.c.entity, events.c.entity_id).where(above, events.c.entity.is_not(None))
        touched = {(row.entity, row.entity_id) for row in await connection.execute(query.distinct())}
        await connection.execute(delete(events).where(above))
        changed = await self._refolder.refold(connection, touched)
        await self._announce(connection, changed, last_valid)

    async def _announce(self, connection: AsyncConnection, changed: Iterable[Change], block_number: int) -> None:
        rows = [
            {
                "entity": change.entity,
                "entity_id": change.entity_id,
                "status": change.status,
                "block_number": block_number,
                "generation": self._generation,
            }
            for change in changed
        ]
        if not rows:
            return
        await connection.execute(insert(changes), rows)
        newest = select(changes.c.id).order_by(changes.c.id.desc()).limit(1)
        last_id = (await connection.execute(newest)).scalar_one()
        await connection.execute(delete(changes).where(changes.c.id <= last_id - self._kept_changes))


def _jobs_from_their_start(facts: Sequence[Fact]) -> dict[int, list[Fact]]:
    """All facts of the jobs that were created among these, which nothing precedes; they need not be read back."""
    whole: dict[int, list[Fact]] = {
        fact.entity_id: [] for fact in facts if fact.name == "JobCreated" and fact.entity_id is not None
    }
    for fact in facts:
        if fact.entity == JOB and fact.entity_id in whole:
            whole[fact.entity_id].append(fact)
    return whole
