"""On-chain agents with what they offer and do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from agents_offchain.api.rest.errors import NotFound
from agents_offchain.api.rest.models import AgentOut, JobOut, ListingOut, Page
from agents_offchain.api.rest.paging import after, decode_cursor, encode_cursor
from agents_offchain.api.rest.reads.cards import AgentCard
from agents_offchain.api.rest.reads.jobs import list_jobs
from agents_offchain.api.rest.reads.listings import listings_of
from agents_offchain.api.rest.reads.shared import Reader, address_text
from agents_offchain.storage.tables.read_model import agents

LATEST_JOBS = 20
_ORDER = "agents"


async def list_agents(reader: Reader, *, owner: bytes | None, limit: int, cursor: str | None) -> Page[AgentOut]:
    """Agents, newest first; their jobs are on their own pages."""
    query = select(agents)
    if owner is not None:
        query = query.where(agents.c.owner == owner)
    keys = decode_cursor(cursor, _ORDER, 1)
    ordered = after(query, [agents.c.agent_id], keys, is_descending=True).limit(limit + 1)
    rows = (await reader.connection.execute(ordered)).all()
    shown: Sequence[Any] = rows[:limit]
    cards = await reader.cards.read(row.uri for row in shown)
    listings = await listings_of(reader, [row.agent_id for row in shown])
    more = encode_cursor(_ORDER, [rows[limit - 1].agent_id]) if len(rows) > limit else None
    items = [_agent(row, cards[row.uri], listings.get(row.agent_id, []), []) for row in shown]
    return Page(items=items, next_cursor=more)


async def read_agent(reader: Reader, agent_id: int) -> AgentOut:
    """One agent with its listings and last jobs.

    Raises:
        NotFound: the index knows no such agent.
    """
    row = (await reader.connection.execute(select(agents).where(agents.c.agent_id == agent_id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no agent {agent_id}.", mend="Agents show up once their block is indexed.")
    card = (await reader.cards.read([row.uri]))[row.uri]
    listings = (await listings_of(reader, [agent_id])).get(agent_id, [])
    page = await list_jobs(
        reader, client=None, provider=None, agent_id=agent_id, status=None, limit=LATEST_JOBS, cursor=None
    )
    return _agent(row, card, listings, page.items)


def _agent(row: Any, card: AgentCard, listings: list[ListingOut], jobs: list[JobOut]) -> AgentOut:
    return AgentOut(
        agent_id=str(row.agent_id),
        owner=address_text(row.owner),
        wallet=address_text(row.wallet),
        uri=row.uri,
        name=card.name,
        description=card.description,
        is_active=bool(listings) and listings[0].is_available,
        created_at=row.created_at,
        listings=listings,
        jobs=jobs,
    )
