"""Job 1 of the old market and job 1 of the new one: no table, journal or queue takes one for the other."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agents_offchain.indexer.rebuild import table_digests
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.runtime.agent.intents import intent_keys
from agents_offchain.storage.database import Database
from agents_offchain.storage.generations import last_event_block, open_jobs
from agents_offchain.storage.tables.read_model import FOLDED, jobs
from tests.unit.indexer.fake_chain import FakeChain, memory_database, two_generations
from tests.unit.indexer.test_index_sink import OPERATIONS

pytestmark = pytest.mark.unit
ACTIONS = st.lists(
    st.tuples(st.sampled_from([1, 2]), st.sampled_from([*sorted(OPERATIONS), "roll_back"]), st.integers(0, 5)),
    max_size=30,
)


class Both:
    """Two generations with a sink each over one database, fed with events whose ids are the same in both."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.newest = two_generations()
        self.chains = {1: FakeChain(), 2: FakeChain(serial=10**6)}
        self._serials = {1: 0, 2: 10**6}
        self.sinks = {each.generation: IndexSink(each) for each in self.newest.generations}
        self._taken = {1: -1, 2: -1}

    async def act(self, generation: int, name: str, number: int) -> None:
        chain = self.chains[generation]
        is_shared = name in ("agent", "transfer", "wallet")
        OPERATIONS[name](self.chains[1] if is_shared else chain, number)

    async def take(self, generation: int) -> None:
        chain = self.chains[generation]
        chain.mine()
        async with self.database.write() as connection:
            taken = [
                event._replace(log_index=event.log_index * 2 + generation % 2)  # both chains are one
                for event in chain.events(self._taken[generation] + 1, chain.sealed)
            ]
            await self.sinks[generation].apply(connection, taken, chain.header(chain.sealed))
        self._taken[generation] = chain.sealed

    async def roll_back(self, generation: int, depth: int) -> None:
        chain = self.chains[generation]
        chain.reorganise(depth)
        last_valid = len(chain.blocks) - 1
        if self._taken[generation] > last_valid:
            async with self.database.write() as connection:
                await self.sinks[generation].roll_back(connection, last_valid)
            self._taken[generation] = last_valid
        chain.mine()

    async def digests(self) -> dict[str, tuple[int, str]]:
        async with self.database.read() as connection:
            return await table_digests(connection)

    async def rows(self, generation: int) -> dict[str, list[tuple[Any, ...]]]:
        """What the tables hold of one generation, agents aside."""
        async with self.database.read() as connection:
            return {
                table.name: sorted(
                    map(tuple, await connection.execute(select(table).where(table.c.generation == generation)))
                )
                for table in FOLDED
                if "generation" in table.c
            }


async def play(actions: list[tuple[int, str, int]]) -> None:
    async with memory_database() as live, memory_database() as fresh:
        both = Both(live)
        for generation, name, number in actions:
            other = 3 - generation
            before = await both.rows(other)
            if name == "roll_back":
                await both.roll_back(generation, 1 + number % 3)
                assert await both.rows(other) == before, "what is taken back in one leaves the other as it was"
            else:
                await both.act(generation, name, number)
                await both.take(1)
                await both.take(2)
        again = Both(fresh)
        again.chains = copy.deepcopy(both.chains)
        for generation in (1, 2):
            await again.take(generation)
            await both.take(generation)
        assert await again.digests() == await both.digests()


@pytest.mark.timeout(900)
@settings(phases=(Phase.explicit, Phase.generate), max_examples=8)
@given(ACTIONS)
def test_tables__of_two_generations_with_the_same_ids__are_each_their_own_and_equal_a_rebuild(
    actions: list[tuple[int, str, int]],
) -> None:
    asyncio.run(play(actions))


async def test_jobs__with_the_same_id_in_both__stand_side_by_side() -> None:
    async with memory_database() as database:
        both = Both(database)
        for generation in (1, 2):
            for name, number in (("policy", 0), ("agent", 0), ("list", 0), ("hire", 1)):
                await both.act(generation, name, number)
        await both.act(1, "submit", 0)
        await both.act(1, "pay", 0)
        await both.take(1)
        await both.take(2)
        async with database.read() as connection:
            found = await connection.execute(
                select(jobs.c.generation, jobs.c.job_id, jobs.c.status).order_by(jobs.c.generation)
            )
            assert [tuple(row) for row in found] == [(1, 1, "completed"), (2, 1, "funded")]
        assert await open_jobs(database, 31337) == {2: 1}
        assert await last_event_block(database, 31337, 1) == 0


def test_keys__of_the_same_job_in_both__are_never_the_same() -> None:
    newest = two_generations()
    terms = {"tx_hash": "0x11"}
    keys = [newest.of_generation(number).job_key(7) for number in (1, 2)]
    assert len(set(keys)) == 2
    assert not set(intent_keys(keys[0], terms)) & set(intent_keys(keys[1], terms))
    assert len({each.reader("agent") for each in newest.generations}) == 2
    assert len({each.book(name) for each in newest.generations for name in ("DisputeDesk", "JobEscrow")}) == 4
    assert [newest.job_of_key(key) for key in keys] == [(1, 7), (2, 7)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("7", (2, 7)), ("1:7", (1, 7)), ("2:7", (2, 7)), ("0:7", None), ("x", None), ("1:", None), ("²", None)],
)
def test_job_called__given_a_name__is_of_the_newest_generation_unless_it_says_another(
    text: str, meant: tuple[int, int] | None
) -> None:
    assert two_generations().job_called(text) == meant


def test_own__of_the_newer_generation__leaves_out_what_both_share() -> None:
    newest = two_generations()
    assert "AgentRegistry" not in newest.own()
    assert "AgentRegistry" in newest.of_generation(1).own()
    assert {"JobEscrow", "ResultOracle", "ServiceListings", "DisputeDesk"} <= set(newest.own())


async def test_roll_back__of_one_generation__takes_nothing_from_the_other() -> None:
    async with memory_database() as database:
        both = Both(database)
        await both.take(1)
        await both.take(2)
        for generation in (1, 2):
            for name, number in (("policy", 0), ("hire", 1)):
                await both.act(generation, name, number)
            await both.take(generation)
        before = await both.rows(1)
        await both.roll_back(2, 2)
        after = await both.rows(2)
        assert (after["jobs"], after["events"]) == ([], [])
        assert await both.rows(1) == before
        assert len(before["jobs"]) == 1
