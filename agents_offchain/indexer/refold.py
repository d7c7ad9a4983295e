"""Write the rows of touched entities anew from the events that survive: the only writer of the folded tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.indexer.completed import count_for_agents, count_for_listings, listings_of_jobs
from agents_offchain.indexer.facts import AGENT, JOB, LISTING, POLICY, Fact
from agents_offchain.indexer.projections.agent import project_agent
from agents_offchain.indexer.projections.dispute import project_dispute
from agents_offchain.indexer.projections.job import project_job, project_verdict
from agents_offchain.indexer.projections.listing import project_listing
from agents_offchain.indexer.projections.policy import project_policy
from agents_offchain.indexer.projections.transaction import FeeOwners, project_transactions
from agents_offchain.indexer.rows import JobRow
from agents_offchain.storage.tables.read_model import (
    agent_listings,
    agents,
    disputes,
    events,
    jobs,
    marketplace_transactions,
    policies,
    verdicts,
)
from agents_offchain.storage.upsert import upsert_many

GONE = "gone"
_CHUNK = 200
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Change:
    """An entity whose row was written anew; `status` is a job's, or `gone` when no event is left."""

    entity: str
    entity_id: int
    status: str


class Refolder:
    """Projects the entities of one generation inside a caller's transaction.

    Args:
        chain_id: Chain whose events are folded.
        generation: Of the contracts; rows of the others are not looked at.
        owners: Whom fees belong to.
    """

    def __init__(self, chain_id: int, generation: int, owners: FeeOwners) -> None:
        self._chain_id = chain_id
        self._generation = generation
        self._owners = owners

    async def refold(
        self,
        connection: AsyncConnection,
        touched: Iterable[tuple[str, int]],
        whole_jobs: Mapping[int, list[Fact]] | None = None,
    ) -> list[Change]:
        """Write the rows of the touched entities; listings come before the jobs that name them.

        Args:
            whole_jobs: Every fact of jobs that have no rows yet, or those of the same facts, in chain order; neither
                their events nor their rows are looked for.
        """
        by_entity: dict[str, set[int]] = defaultdict(set)
        for entity, entity_id in touched:
            by_entity[entity].add(entity_id)
        named = await self._named_listings(connection, by_entity[JOB] - (whole_jobs or {}).keys())
        changes = await self._simple(connection, AGENT, by_entity[AGENT])
        changes += await self._simple(connection, POLICY, by_entity[POLICY])
        changes += await self._listings(connection, by_entity)
        changes += await self._jobs(connection, by_entity[JOB], whole_jobs or {})
        named |= by_entity[LISTING] | await self._named_listings(connection, by_entity[JOB])
        for chunk in _chunks(sorted(named)):
            await count_for_listings(connection, self._generation, chunk)
        for chunk in _chunks(sorted(by_entity[AGENT])):
            await count_for_agents(connection, chunk)
        return changes

    async def _named_listings(self, connection: AsyncConnection, job_ids: Iterable[int]) -> set[int]:
        """The listings for which some of these jobs may count as they stand now."""
        named: set[int] = set()
        for chunk in _chunks(sorted(job_ids)):
            named |= await listings_of_jobs(connection, self._generation, chunk)
        return named

    async def _simple(self, connection: AsyncConnection, entity: str, ids: set[int]) -> list[Change]:
        table, key, project = _SIMPLE[entity]
        changes = []
        for chunk in _chunks(sorted(ids)):
            facts = await self._facts(connection, entity, chunk)
            rows = [row for entity_id in chunk if (row := project(facts[entity_id])) is not None]
            await self._replace(connection, table, key, chunk, rows)
            standing = {getattr(row, key) for row in rows}
            changes += [Change(entity, item, "" if item in standing else GONE) for item in chunk]
        return changes

    async def _listings(self, connection: AsyncConnection, by_entity: dict[str, set[int]]) -> list[Change]:
        """Listings; one that appears or disappears also touches the jobs that name it."""
        ids = by_entity[LISTING]
        before = await self._standing_listings(connection, ids)
        changes = await self._simple(connection, LISTING, ids)
        after = await self._standing_listings(connection, ids)
        for chunk in _chunks(sorted(before ^ after)):
            named = select(jobs.c.job_id).where(jobs.c.listing_id.in_(chunk), jobs.c.generation == self._generation)
            by_entity[JOB].update(row.job_id for row in await connection.execute(named))
        return changes

    async def _jobs(self, connection: AsyncConnection, ids: set[int], whole: Mapping[int, list[Fact]]) -> list[Change]:
        changes = []
        for chunk in _chunks(sorted(ids)):
            known = {job_id: whole[job_id] for job_id in chunk if job_id in whole}
            facts = await self._facts(connection, JOB, [job_id for job_id in chunk if job_id not in known])
            facts |= known
            rows = {job_id: project_job(facts[job_id]) for job_id in chunk}
            standing = [row for row in rows.values() if row is not None]
            services = await self._services(connection, standing)
            found = [verdict for job_id in chunk if (verdict := project_verdict(facts[job_id])) is not None]
            disputed = [dispute for job_id in chunk if (dispute := project_dispute(facts[job_id])) is not None]
            moved = [
                movement
                for job_id, row in rows.items()
                for movement in project_transactions(facts[job_id], row, services.get(job_id, ""), self._owners)
            ]
            old = [job_id for job_id in chunk if job_id not in known]
            await self._replace(connection, jobs, "job_id", old, standing)
            await self._replace(connection, verdicts, "job_id", old, found)
            await self._replace(connection, disputes, "job_id", old, disputed)
            await self._replace(connection, marketplace_transactions, "job_id", old, moved)
            changes += [Change(JOB, job_id, row.status if row else GONE) for job_id, row in rows.items()]
        return changes

    async def _facts(self, connection: AsyncConnection, entity: str, ids: Sequence[int]) -> dict[int, list[Fact]]:
        query = (
            select(events)
            .where(
                events.c.generation == self._generation,
                events.c.entity == entity,
                events.c.entity_id.in_(ids),
                events.c.chain_id == self._chain_id,
            )
            .order_by(events.c.block_number, events.c.log_index)
        )
        facts: dict[int, list[Fact]] = {entity_id: [] for entity_id in ids}
        if not facts:
            return facts
        for row in await connection.execute(query):
            facts[row.entity_id].append(Fact(*row))
        return facts

    async def _standing_listings(self, connection: AsyncConnection, ids: set[int]) -> set[int]:
        standing: set[int] = set()
        for chunk in _chunks(sorted(ids)):
            query = select(agent_listings.c.listing_id)
            query = query.where(agent_listings.c.generation == self._generation, agent_listings.c.listing_id.in_(chunk))
            standing.update(row.listing_id for row in await connection.execute(query))
        return standing

    async def _services(self, connection: AsyncConnection, rows: Sequence[JobRow]) -> dict[int, str]:
        """Job -> service type of its listing, where the listing is one of the agent that the job names."""
        wanted = sorted({row.listing_id for row in rows if row.listing_id is not None})
        if not wanted:
            return {}
        query = select(agent_listings.c.listing_id, agent_listings.c.agent_id, agent_listings.c.service_type).where(
            agent_listings.c.generation == self._generation, agent_listings.c.listing_id.in_(wanted)
        )
        listings = {row.listing_id: row for row in await connection.execute(query)}
        return {
            row.job_id: listing.service_type
            for row in rows
            if (listing := listings.get(row.listing_id)) is not None and listing.agent_id == row.agent_id
        }

    async def _replace(
        self, connection: AsyncConnection, table: Table, key: str, old: Sequence[int], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Drop what is kept of the old ids, and write the rows; what was taken before is written over itself."""
        if old:
            gone = delete(table).where(table.c[key].in_(old))
            if "generation" in table.c:
                gone = gone.where(table.c.generation == self._generation)
            await connection.execute(gone)
        await upsert_many(connection, table, rows)


_SIMPLE: dict[str, tuple[Table, str, Any]] = {
    AGENT: (agents, "agent_id", project_agent),
    POLICY: (policies, "policy_id", project_policy),
    LISTING: (agent_listings, "listing_id", project_listing),
}


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
