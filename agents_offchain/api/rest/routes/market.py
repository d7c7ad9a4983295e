"""Listings, agents, jobs and movements of money."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agents_offchain.api.rest.context import Context
from agents_offchain.api.rest.models import AgentOut, JobDetailOut, JobOut, ListingOut, Page, TransactionOut
from agents_offchain.api.rest.paging import Address, Cursor, JobText, Limit, parse_id, parse_job
from agents_offchain.api.rest.problems import responses
from agents_offchain.api.rest.reads.agents import list_agents, read_agent
from agents_offchain.api.rest.reads.jobs import JobStatus, list_jobs, read_job
from agents_offchain.api.rest.reads.listings import ListingSort, search_listings
from agents_offchain.api.rest.reads.transactions import list_transactions
from agents_offchain.primitives.hexes import decode_address

router = APIRouter(prefix="/api/v1", tags=["market"], responses=responses(400, 422, 503))
Service = Annotated[str | None, Query(pattern="^[ -~]{1,32}$", description="Service type, exactly.")]
Text = Annotated[str, Query(max_length=100, description="Words to look for.")]
IdText = Annotated[str | None, Query(pattern="^[0-9]{1,78}$")]


@router.get("/listings")
async def get_listings(
    context: Context,
    service: Service = None,
    q: Text = "",
    available: bool | None = None,
    sort: ListingSort = ListingSort.NEWEST,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ListingOut]:
    """The catalog: open listings with the agents behind them."""
    async with context.reader() as reader:
        return await search_listings(
            reader, service=service, text=q, is_available=available, sort=sort, limit=limit, cursor=cursor
        )


@router.get("/registry/agents")
async def get_agents(
    context: Context, owner: Address = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[AgentOut]:
    """On-chain agents, newest first, without their jobs."""
    async with context.reader() as reader:
        return await list_agents(reader, owner=decode_address(owner) if owner else None, limit=limit, cursor=cursor)


@router.get("/registry/agents/{agent_id}", responses=responses(404))
async def get_agent(context: Context, agent_id: str) -> AgentOut:
    """One agent with its listings and last jobs."""
    number = parse_id(agent_id, "agent")
    async with context.reader() as reader:
        return await read_agent(reader, number)


@router.get("/jobs")
async def get_jobs(
    context: Context,
    client: Address = None,
    provider: Address = None,
    status: JobStatus | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[JobOut]:
    """Jobs, newest first."""
    async with context.reader() as reader:
        return await list_jobs(
            reader,
            client=decode_address(client) if client else None,
            provider=decode_address(provider) if provider else None,
            status=status,
            limit=limit,
            cursor=cursor,
        )


@router.get("/jobs/{job_id}", responses=responses(404))
async def get_job(context: Context, job_id: str) -> JobDetailOut:
    """One job with its events, progress and payouts; one of an older generation is called `generation:id`."""
    async with context.reader() as reader:
        return await read_job(reader, parse_job(reader.deployment, job_id))


@router.get("/transactions")
async def get_transactions(
    context: Context,
    job_id: JobText = None,
    agent_id: IdText = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[TransactionOut]:
    """Movements of jobs' money, newest first. A page may hold one item more to keep a log's two fees together."""
    async with context.reader() as reader:
        return await list_transactions(
            reader,
            job=parse_job(reader.deployment, job_id) if job_id else None,
            agent_id=parse_id(agent_id, "agent") if agent_id else None,
            limit=limit,
            cursor=cursor,
        )
