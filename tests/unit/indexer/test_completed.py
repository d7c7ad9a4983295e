"""The count of completed jobs in a listing's row: what counts, and that it follows whatever it rests on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import agent_listings
from tests.unit.indexer.fake_chain import CLIENT, OWNER, WALLET, FakeChain, memory_database
from tests.unit.indexer.test_index_sink import Follower

pytestmark = pytest.mark.unit


async def counts(database: Database) -> dict[int, int]:
    async with database.read() as connection:
        query = select(agent_listings.c.listing_id, agent_listings.c.jobs_completed)
        return {row.listing_id: row.jobs_completed for row in await connection.execute(query)}


def market() -> FakeChain:
    """An agent with a listing."""
    chain = FakeChain()
    chain.register_policy()
    chain.register_agent()
    chain.create_listing(0)
    return chain


async def test_count__of_jobs_of_all_kinds__takes_the_completed_ones_of_its_own_agent() -> None:
    chain = market()
    chain.pay(chain.hire(0, 1))
    chain.pay(chain.hire(0, 1))
    chain.refund(chain.hire(0, 1))
    chain.hire(0, 1)
    chain.pay(chain.hire(7, 1))
    chain.pay(chain.hire(0, 1, provider=CLIENT))
    async with memory_database() as database:
        await Follower(database, chain).take()
        assert await counts(database) == {1: 2}


@pytest.mark.parametrize("is_in_steps", [False, True])
async def test_count__when_a_completion_is_taken_back__falls_and_rises_with_it(is_in_steps: bool) -> None:
    chain = market()
    async with memory_database() as database:
        follower = Follower(database, chain)
        if is_in_steps:
            job_id = chain.hire(0, 1)
            await follower.take()
            chain.pay(job_id)
        else:
            await follower.take()
            chain.pay(chain.hire(0, 1))
        await follower.take()
        assert await counts(database) == {1: 1}
        await follower.reorganise(2, is_included_again=False)
        await follower.take()
        assert await counts(database) == {1: 0}


async def test_count__when_the_agent_changes_hands__is_of_its_new_owner_and_wallet() -> None:
    chain = market()
    chain.pay(chain.hire(0, 1))
    chain.pay(chain.hire(0, 1, provider=WALLET))
    async with memory_database() as database:
        follower = Follower(database, chain)
        await follower.take()
        assert await counts(database) == {1: 1}
        chain.set_wallet(0, WALLET)
        await follower.take()
        assert await counts(database) == {1: 2}
        chain.transfer_agent(0, OWNER, CLIENT)
        await follower.take()
        assert await counts(database) == {1: 0}


async def test_count__of_a_listing_that_appears_after_its_jobs__is_made_with_it() -> None:
    chain = FakeChain()
    chain.register_policy()
    chain.register_agent()
    chain.pay(chain.hire(0, 1))
    async with memory_database() as database:
        follower = Follower(database, chain)
        await follower.take()
        chain.create_listing(0)
        await follower.take()
        assert await counts(database) == {1: 1}
