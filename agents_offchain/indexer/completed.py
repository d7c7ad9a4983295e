"""How many completed jobs count for a listing: a column that is counted anew whenever something it rests on changes.

Anybody can name any listing when hiring somebody else, so a job counts only where the listing's agent is named and who
did it is that agent's present owner or wallet. The count is a pure function of the standing rows of jobs, listings and
agents, so it is the same after a rollback and after a rebuild.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Update, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.indexer.projections.job import COMPLETED
from agents_offchain.storage.tables.read_model import agent_listings, agents, jobs


async def count_for_listings(connection: AsyncConnection, generation: int, listing_ids: Sequence[int]) -> None:
    """Count anew for these listings of a generation, in the caller's transaction."""
    if listing_ids:
        is_named = agent_listings.c.listing_id.in_(listing_ids)
        await connection.execute(_counted().where(agent_listings.c.generation == generation, is_named))


async def count_for_agents(connection: AsyncConnection, agent_ids: Sequence[int]) -> None:
    """Count anew for all listings of these agents, whose owner or wallet may have changed."""
    if agent_ids:
        await connection.execute(_counted().where(agent_listings.c.agent_id.in_(agent_ids)))


async def listings_of_jobs(connection: AsyncConnection, generation: int, job_ids: Sequence[int]) -> set[int]:
    """The listings named by those of these jobs that stand as completed; others count for none."""
    query = select(jobs.c.listing_id).distinct()
    query = query.where(jobs.c.generation == generation, jobs.c.job_id.in_(job_ids))
    query = query.where(jobs.c.listing_id.is_not(None), jobs.c.status == COMPLETED)
    return {row.listing_id for row in await connection.execute(query)}


def _counted() -> Update:
    counting = (
        select(func.count())
        .select_from(jobs.join(agents, agents.c.agent_id == jobs.c.agent_id))
        .where(
            jobs.c.generation == agent_listings.c.generation,
            jobs.c.listing_id == agent_listings.c.listing_id,
            jobs.c.agent_id == agent_listings.c.agent_id,
            jobs.c.status == COMPLETED,
            or_(jobs.c.provider == agents.c.owner, jobs.c.provider == agents.c.wallet),
        )
        .correlate(agent_listings)
        .scalar_subquery()
    )
    return update(agent_listings).values(jobs_completed=counting)
