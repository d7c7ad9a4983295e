"""The read model against a fake chain: whatever happens, it equals the fold of what stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agents_offchain.indexer.rebuild import table_digests
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import agent_listings, changes, jobs, verdicts
from agents_offchain.storage.tables.read_model import marketplace_transactions as movements
from tests.unit.indexer.fake_chain import CLIENT, OWNER, WALLET, FakeChain, fake_deployment, index, memory_database

pytestmark = pytest.mark.unit

OPERATIONS: dict[str, Callable[[FakeChain, int], Any]] = {
    "policy": lambda chain, _pick: chain.register_policy(),
    "agent": lambda chain, pick: chain.register_agent(f"uri{pick}"),
    "transfer": lambda chain, pick: chain.transfer_agent(_agent(chain, pick), OWNER, CLIENT),
    "wallet": lambda chain, pick: chain.set_wallet(_agent(chain, pick), WALLET),
    "list": lambda chain, pick: chain.create_listing(_agent(chain, pick), kind=f"kind{pick % 2}"),
    "update": lambda chain, pick: chain.emit(
        "ServiceListings", "ListingUpdated", listingId=1 + pick % 3, price=pick, isAvailable=bool(pick % 2)
    ),
    "close": lambda chain, pick: chain.emit("ServiceListings", "ListingClosed", listingId=1 + pick % 3),
    "hire": lambda chain, pick: chain.hire(pick % 3, pick % 4),
    "submit": lambda chain, pick: chain.submit(_job(chain, pick)),
    "verdict": lambda chain, pick: chain.post_verdict(_job(chain, pick), score=pick),
    "pay": lambda chain, pick: chain.pay(_job(chain, pick)),
    "refund": lambda chain, pick: chain.refund(_job(chain, pick), is_expired=bool(pick % 2)),
    "noise": lambda chain, pick: chain.emit("JobEscrow", "TokenAllowed", token=OWNER),
}
ACTIONS = st.one_of(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 100)),
    st.tuples(st.sampled_from(["mine", "take"]), st.just(0)),
    st.tuples(st.sampled_from(["reorganise", "reorganise_and_include"]), st.integers(1, 4)),
)


def _agent(chain: FakeChain, pick: int) -> int:
    return pick % max(chain.count("Registered"), 1)


def _job(chain: FakeChain, pick: int) -> int:
    return 1 + pick % max(chain.count("JobCreated"), 1)


class Follower:
    """Indexes a fake chain step by step, as the watcher would."""

    def __init__(self, database: Database, chain: FakeChain) -> None:
        self._database, self._chain = database, chain
        self._sink = IndexSink(fake_deployment())
        self._taken = -1

    async def take(self) -> None:
        """Seal the newest block and take everything up to it."""
        self._chain.mine()
        last = self._chain.sealed
        async with self._database.write() as connection:
            events = self._chain.events(self._taken + 1, last)
            await self._sink.apply(connection, events, self._chain.header(last))
        self._taken = last

    async def reorganise(self, depth: int, *, is_included_again: bool) -> None:
        dropped = self._chain.reorganise(depth)
        last_valid = len(self._chain.blocks) - 1
        if self._taken > last_valid:
            async with self._database.write() as connection:
                await self._sink.roll_back(connection, last_valid)
            self._taken = last_valid
        self._chain.mine()
        if is_included_again:
            self._chain.include(dropped)


async def play(actions: list[tuple[str, int]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Digests of the tables that lived through `actions`, and of a rebuild of what stands."""
    chain = FakeChain()
    async with memory_database() as live, memory_database() as fresh:
        follower = Follower(live, chain)
        for name, number in actions:
            if name in OPERATIONS:
                OPERATIONS[name](chain, number)
            elif name.startswith("reorganise"):
                await follower.reorganise(number, is_included_again=name.endswith("include"))
            elif name == "mine":
                chain.mine()
            else:
                await follower.take()
        await follower.take()
        await index(fresh, chain)
        async with live.read() as left, fresh.read() as right:
            return await table_digests(left), await table_digests(right)


@pytest.mark.timeout(900)  # hundreds of databases at full size
@settings(phases=(Phase.explicit, Phase.generate))  # shrinking whole databases takes minutes
@given(st.lists(ACTIONS, max_size=40))
def test_tables__after_any_mining_and_reorganisation__equal_a_rebuild(actions: list[tuple[str, int]]) -> None:
    live, rebuilt = asyncio.run(play(actions))
    assert live == rebuilt


async def test_tables__when_a_job_is_taken_back_and_returns_elsewhere__equal_a_rebuild() -> None:
    live, rebuilt = await play(
        [
            ("policy", 0),
            ("agent", 0),
            ("list", 0),
            ("take", 0),
            ("hire", 1),
            ("take", 0),
            ("submit", 0),
            ("take", 0),
            ("reorganise_and_include", 3),
            ("pay", 0),
        ]
    )
    assert live == rebuilt
    assert live["jobs"][0] == 1
    assert live["marketplace_transactions"][0] == 4


async def test_rows__of_events_in_several_blocks__follow_the_order_of_blocks() -> None:
    chain = FakeChain()
    chain.register_agent()
    chain.create_listing(0)
    chain.mine()
    chain.emit("ServiceListings", "ListingUpdated", listingId=1, price=7, isAvailable=True)
    async with memory_database() as database:
        await index(database, chain)
        async with database.read() as connection:
            assert (await connection.execute(select(agent_listings.c.price))).scalar_one() == 7


async def test_verdict__of_a_submission_that_is_taken_back__goes_away() -> None:
    chain = FakeChain()
    job_id = chain.hire(0, 1)
    chain.mine()
    chain.post_verdict(job_id)
    async with memory_database() as database:
        sink = await index(database, chain)
        async with database.write() as connection:
            assert (await connection.execute(select(verdicts.c.job_id))).scalars().all() == [job_id]
            await sink.roll_back(connection, 0)
            assert (await connection.execute(select(verdicts.c.job_id))).scalars().all() == []


async def test_service_type__of_a_job_whose_listing_comes_later__is_filled_in_and_taken_back() -> None:
    chain = FakeChain()
    agent_id = chain.register_agent()
    chain.hire(agent_id, 1)
    async with memory_database() as database:
        sink = await index(database, chain)
        assert await _services(database) == [""]
        chain.mine()
        chain.create_listing(agent_id)
        async with database.write() as connection:
            await sink.apply(connection, chain.events(1), chain.head)
        assert await _services(database) == ["inspect-image"]
        async with database.write() as connection:
            await sink.roll_back(connection, 0)
        assert await _services(database) == [""]


async def test_service_type__of_a_job_that_names_another_agents_listing__stays_empty() -> None:
    chain = FakeChain()
    chain.create_listing(chain.register_agent())
    chain.hire(chain.register_agent(), 1)
    async with memory_database() as database:
        await index(database, chain)
        assert await _services(database) == [""]


async def test_taking_the_same_events_twice__changes_no_table() -> None:
    chain = FakeChain()
    chain.hire(chain.register_agent(), 1)
    async with memory_database() as database:
        sink = await index(database, chain)
        async with database.read() as connection:
            before = await table_digests(connection)
        async with database.write() as connection:
            await sink.apply(connection, chain.events(), chain.head)
        async with database.read() as connection:
            assert await table_digests(connection) == before


async def test_digest__of_a_row_changed_by_hand__differs() -> None:
    chain = FakeChain()
    chain.hire(chain.register_agent(), 1)
    async with memory_database() as database:
        await index(database, chain)
        async with database.read() as connection:
            before = await table_digests(connection)
        async with database.write() as connection:
            await connection.execute(jobs.update().values(budget=1))
        async with database.read() as connection:
            after = await table_digests(connection)
    assert {name for name in before if before[name] != after[name]} == {"jobs"}


async def test_changes__of_a_roll_back__say_what_is_gone_and_never_reuse_ids() -> None:
    chain = FakeChain()
    chain.mine()
    job_id = chain.hire(0, 1)
    async with memory_database() as database:
        sink = await index(database, chain)
        async with database.write() as connection:
            await sink.roll_back(connection, 0)
            rows = (await connection.execute(select(changes).order_by(changes.c.id))).all()
    assert [(row.entity, row.entity_id, row.status) for row in rows] == [
        ("job", job_id, "funded"),
        ("job", job_id, "gone"),
    ]


async def test_changes__beyond_what_is_kept__lose_the_oldest() -> None:
    chain = FakeChain()
    async with memory_database() as database:
        sink = IndexSink(fake_deployment(), kept_changes=3)
        for _ in range(5):
            first = len(chain.blocks)
            chain.mine()
            chain.hire(0, 1)
            async with database.write() as connection:
                await sink.apply(connection, chain.events(first), chain.head)
        async with database.read() as connection:
            ids = (await connection.execute(select(changes.c.id).order_by(changes.c.id))).scalars().all()
    assert ids == [3, 4, 5]


async def _services(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(movements.c.service_type))).scalars())
