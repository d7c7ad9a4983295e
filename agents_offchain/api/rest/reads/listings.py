"""Listings with the agents behind them: filtered, searched, ordered, paged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from agents_offchain.api.rest.models import ListingOut, Page
from agents_offchain.api.rest.paging import after, decode_cursor, encode_cursor
from agents_offchain.api.rest.reads.shared import Reader, address_text, require_token
from agents_offchain.storage.tables.generations import same
from agents_offchain.storage.tables.read_model import agent_listings, agents, jobs, policies, tokens

SCAN_ROWS = 100
MAX_SCANNED = 1_000
_COMPLETED = "completed"


class ListingSort(StrEnum):
    """Orders of the catalog."""

    NEWEST = "newest"
    OLDEST = "oldest"
    PRICE = "price"
    PRICE_DOWN = "-price"
    SPEED = "speed"
    COMPLETED = "completed"

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """What is compared, the listing id last, so that the order is total."""
        first: dict[ListingSort, ColumnElement[Any]] = {
            ListingSort.PRICE: agent_listings.c.price,
            ListingSort.PRICE_DOWN: agent_listings.c.price,
            ListingSort.SPEED: agent_listings.c.work_seconds,
            ListingSort.COMPLETED: agent_listings.c.jobs_completed,
        }
        return [first[self], agent_listings.c.listing_id] if self in first else [agent_listings.c.listing_id]

    @property
    def is_descending(self) -> bool:
        return self in (ListingSort.NEWEST, ListingSort.PRICE_DOWN, ListingSort.COMPLETED)


async def search_listings(
    reader: Reader,
    *,
    service: str | None,
    text: str,
    is_available: bool | None,
    sort: ListingSort,
    limit: int,
    cursor: str | None,
) -> Page[ListingOut]:
    """A page of open listings, of the newest generation alone: nobody is hired in an older one.

    `text` is looked for in the agent's name and description, the service, the URI and the addresses. At most
    `MAX_SCANNED` rows are looked at for one page; the cursor goes on where the search stopped.
    """
    newest = agent_listings.c.generation == reader.deployment.generation
    query = _rows().where(newest, agent_listings.c.is_closed.is_(False))
    if service:
        query = query.where(agent_listings.c.service_type == service)
    if is_available is not None:
        query = query.where(agent_listings.c.is_available.is_(is_available))
    needle = " ".join(text.split()).casefold()
    keys = decode_cursor(cursor, sort.value, len(sort.columns))
    found: list[Any] = []
    batch = SCAN_ROWS if needle else limit + 1
    for _ in range(MAX_SCANNED // SCAN_ROWS if needle else 1):
        ordered = after(query, sort.columns, keys, is_descending=sort.is_descending).limit(batch)
        rows = (await reader.connection.execute(ordered)).all()
        matching = await _matching(reader, rows, needle) if needle else rows
        found += matching
        if len(found) > limit or len(rows) < batch:
            keys = _keys(found[limit - 1], sort) if len(found) > limit else None
            break
        keys = _keys(rows[-1], sort)
    items = await listings_out(reader, found[:limit])
    return Page(items=items, next_cursor=None if keys is None else encode_cursor(sort.value, keys))


async def listings_of(reader: Reader, agent_ids: Sequence[int]) -> dict[int, list[ListingOut]]:
    """All listings of some agents in the newest generation, newest first, closed ones too."""
    query = (
        _rows()
        .where(agent_listings.c.generation == reader.deployment.generation, agent_listings.c.agent_id.in_(agent_ids))
        .order_by(agent_listings.c.listing_id.desc())
        .limit(100 * max(len(agent_ids), 1))
    )
    rows = (await reader.connection.execute(query)).all()
    by_agent: dict[int, list[ListingOut]] = defaultdict(list)
    for row, item in zip(rows, await listings_out(reader, rows), strict=True):
        by_agent[row.agent_id].append(item)
    return by_agent


async def listings_out(reader: Reader, rows: Sequence[Any]) -> list[ListingOut]:
    """Rows of `_rows()` with names and job counts."""
    cards = await reader.cards.read(row.agent_uri for row in rows)
    counts = await _job_counts(reader, rows)
    items = []
    for row in rows:
        symbol, decimals = require_token(row)
        total, completed = counts.get(row.listing_id, (0, 0))
        items.append(
            ListingOut(
                listing_id=str(row.listing_id),
                agent_id=str(row.agent_id),
                agent_name=cards[row.agent_uri].name,
                owner=address_text(row.owner),
                wallet=address_text(row.wallet),
                service_type=row.service_type,
                pricing_model=row.pricing_model,
                price=str(row.price),
                decimals=decimals,
                symbol=symbol,
                policy_id=row.policy_id,
                work_seconds=row.work_seconds,
                uri=row.uri,
                is_available=row.is_available,
                created_at=row.created_at,
                reputation_score=row.reputation_score,
                jobs_completed=completed,
                jobs_total=total,
            )
        )
    return items


async def _job_counts(reader: Reader, rows: Sequence[Any]) -> dict[int, tuple[int, int]]:
    """Listing -> (jobs, completed jobs). Anybody can name any listing when hiring somebody else, so a job
    counts only where the listing's agent is named and its present owner or wallet is the provider."""
    by_id = {row.listing_id: row for row in rows}
    query = (
        select(jobs.c.listing_id, jobs.c.agent_id, jobs.c.provider, jobs.c.status, func.count().label("number"))
        .where(
            jobs.c.listing_id.in_(list(by_id)),
            jobs.c.generation == reader.deployment.generation,
            jobs.c.status != "open",
        )
        .group_by(jobs.c.listing_id, jobs.c.agent_id, jobs.c.provider, jobs.c.status)
    )
    counts: dict[int, tuple[int, int]] = {}
    for group in await reader.connection.execute(query):
        listing = by_id[group.listing_id]
        if group.agent_id != listing.agent_id or group.provider not in (listing.owner, listing.wallet):
            continue
        total, completed = counts.get(group.listing_id, (0, 0))
        done = group.number if group.status == _COMPLETED else 0
        counts[group.listing_id] = (total + group.number, completed + done)
    return counts


async def _matching(reader: Reader, rows: Sequence[Any], needle: str) -> list[Any]:
    cards = await reader.cards.read(row.agent_uri for row in rows)
    matching = []
    for row in rows:
        card = cards[row.agent_uri]
        words = (
            card.name,
            card.description,
            row.service_type,
            row.uri,
            "0x" + row.owner.hex(),
            "0x" + row.wallet.hex(),
        )
        if any(needle in word.casefold() for word in words):
            matching.append(row)
    return matching


def _rows() -> Select[Any]:
    return (
        select(
            agent_listings,
            agents.c.owner,
            agents.c.wallet,
            agents.c.uri.label("agent_uri"),
            tokens.c.symbol,
            tokens.c.decimals,
        )
        .join(agents, agents.c.agent_id == agent_listings.c.agent_id)
        .outerjoin(policies, same(policies, agent_listings, "policy_id"))
        .outerjoin(tokens, tokens.c.address == policies.c.token)
    )


_KEY_NAMES = {
    ListingSort.PRICE: "price",
    ListingSort.PRICE_DOWN: "price",
    ListingSort.SPEED: "work_seconds",
    ListingSort.COMPLETED: "jobs_completed",
}


def _keys(row: Any, sort: ListingSort) -> list[int]:
    first = [getattr(row, _KEY_NAMES[sort])] if sort in _KEY_NAMES else []
    return [*first, row.listing_id]
