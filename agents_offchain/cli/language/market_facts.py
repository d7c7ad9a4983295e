"""What fills the tools of an enquiry: the home's tables at one block, the chain at that block, own documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.addresses import Deployment, load_deployment
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.registry import LISTINGS_ABI
from agents_offchain.cli.language.knowledge import knowledge_book
from agents_offchain.cli.operate.home import HomeDown, HomeEmpty, home_database, newest_generation, require_rpc_url
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens
from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.knowledge.shelf import Shelf
from agents_offchain.skills.llm.enquiry.market import JobFact, MarketFacts, OfferFact
from agents_offchain.skills.llm.enquiry.tools import ToolRefused
from agents_offchain.storage.tables.generations import same
from agents_offchain.storage.tables.read_model import agent_listings, agents, chain_heads, jobs, verdicts

MOST_JOBS = 10_000
"""The newest ones that are read; older ones count in no record."""
MOST_PASSAGES = 3


async def read_offers(settings: Settings) -> list[OfferFact]:
    """Every listing that can be hired, cheapest first, from the home's tables.

    Raises:
        HomeEmpty: the home has no tables yet.
    """
    newest = newest_generation(settings)
    async with home_database(settings) as database, database.read() as connection:
        return await _offers(connection, newest)


async def read_facts(settings: Settings) -> MarketFacts:
    """Offers and jobs of the newest generation in one read of the home's tables, with the block they stand at.

    Raises:
        HomeEmpty: the home has no tables yet, or they hold no block.
    """
    newest = newest_generation(settings)
    is_own = or_(jobs.c.provider == agents.c.owner, jobs.c.provider == agents.c.wallet)
    known_jobs = (
        select(jobs, verdicts.c.score, is_own.label("is_own"))
        .select_from(
            jobs.outerjoin(agents, agents.c.agent_id == jobs.c.agent_id).outerjoin(
                verdicts, same(verdicts, jobs, "job_id")
            )
        )
        .where(jobs.c.generation == newest)
        .order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc())
        .limit(MOST_JOBS)
    )
    async with home_database(settings) as database, database.read() as connection:
        head = (await connection.execute(select(chain_heads))).first()
        if head is None:
            raise HomeEmpty("The home has not read a block yet.", mend="Wait a moment, or see `aitbc index`.")
        offers = await _offers(connection, newest)
        job_rows = (await connection.execute(known_jobs)).all()
    facts = [
        JobFact(
            int(row.job_id),
            row.status,
            None if row.agent_id is None else int(row.agent_id),
            None if row.listing_id is None else int(row.listing_id),
            _tokens(row.budget),
            _tokens(row.paid),
            _tokens(row.refunded),
            row.score,
            bool(row.is_own),
        )
        for row in job_rows
    ]
    return MarketFacts(
        int(head.chain_id),
        int(head.block_number),
        int(head.block_time),
        tuple(offers),
        {job.job_id: job for job in facts},
    )


async def _offers(connection: AsyncConnection, generation: int) -> list[OfferFact]:
    query = (
        select(agent_listings)
        .where(
            agent_listings.c.generation == generation,
            agent_listings.c.is_available.is_(True),
            agent_listings.c.is_closed.is_(False),
        )
        .order_by(agent_listings.c.price, agent_listings.c.listing_id)
    )
    return [
        OfferFact(
            int(row.listing_id),
            int(row.agent_id),
            row.service_type,
            _tokens(row.price),
            int(row.work_seconds),
            row.reputation_score,
            int(row.jobs_completed),
        )
        for row in (await connection.execute(query)).all()
    ]


@dataclass(frozen=True)
class PinnedChain:
    """The chain at one block; a read is a connection of its own, so that it may be made from any thread."""

    url: str
    deployment: Deployment
    block_number: int

    def listing(self, listing_id: int) -> str:
        """What the contract says of a listing.

        Raises:
            ToolRefused: the node does not say.
        """
        try:
            return asyncio.run(self._listing(listing_id))
        except (Refused, Retryable) as error:
            raise ToolRefused(f"The chain cannot be asked: {error.message}") from error

    async def _listing(self, listing_id: int) -> str:
        node, address = Node(self.url), self.deployment.address("ServiceListings")
        try:
            await node.require_chain(self.deployment.chain_id)
            row = await node.call(LISTINGS_ABI, address, "listingOf", listing_id, block=self.block_number)
            info = await node.call(LISTINGS_ABI, address, "serviceInfo", listing_id, block=self.block_number)
        except ContractReverted:
            return f"The chain has no listing {listing_id} at block {self.block_number}."
        finally:
            await node.close()
        service = row["serviceType"].rstrip(b"\0").decode("ascii", errors="replace")
        state = "open" if info["available"] else "closed"
        return (
            f"The chain at block {self.block_number}: listing {listing_id} of agent {int(row['agentId'])} offers "
            f"{service} for {_tokens(row['price']):f} and is {state}."
        )


def find_chain(settings: Settings, facts: MarketFacts) -> PinnedChain | None:
    """The chain of a home at the facts' block; None when no node can be asked."""
    try:
        return PinnedChain(require_rpc_url(settings), load_deployment(settings.deployment_file), facts.block_number)
    except (HomeDown, Refused):
        return None


async def find_search(settings: Settings, shelf: str, embedder: Embedder) -> Callable[[str], str] | None:
    """Passages of a shelf's documents; None for an empty shelf."""
    async with knowledge_book(settings) as book:
        kept, pieces = await book.documents(shelf), await book.passages(shelf)
    if not pieces:
        return None
    known = Shelf(kept, pieces, embedder)

    def search(query: str) -> str:
        found = [one for one in known.search(query, MOST_PASSAGES) if not one.is_order]
        return (
            "\n".join(f"{one.document}, page {one.page}: {' '.join(one.quote.split())}" for one in found)
            or "Nothing was found."
        )

    return search


def _tokens(units: int) -> Decimal:
    return Decimal(format_tokens(int(units)))
