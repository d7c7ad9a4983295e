"""Facts in any order, twice, of strangers: in the end the queue says what the chain says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.contract_abi import jsonable, load_abi
from agents_offchain.chain.watcher import ChainEvent
from agents_offchain.runtime.agent.daemon import AgentDaemon
from agents_offchain.runtime.agent.intake import MAX_ATTEMPTS, is_moved, wants
from agents_offchain.storage import work
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Inbox, InboxSink
from tests.fakes.deployment import DEPLOYMENT, ESCROW
from tests.fakes.inline_sqlite import clear
from tests.unit.runtime.agency import AGENT, CLIENT, STRANGER, Agency

pytestmark = pytest.mark.unit
ABI = load_abi("JobEscrow")


def events_of(agency: Agency) -> list[ChainEvent]:
    """Every event of the chain, decoded as the watcher would."""
    found = []
    for block in agency.chain.blocks:
        for entry in block.logs:
            topics = [bytes.fromhex(topic[2:]) for topic in entry["topics"]]
            decoded = ABI.decode_log(topics, bytes.fromhex(entry["data"][2:]))
            assert decoded is not None
            name, args = decoded
            found.append(
                ChainEvent(
                    31337,
                    block.number,
                    block.hash,
                    block.timestamp,
                    bytes.fromhex(entry["transactionHash"][2:]),
                    int(entry["logIndex"], 16),
                    "JobEscrow",
                    ESCROW,
                    name,
                    args,
                )
            )
    return found


async def _take_in(agency: Agency, daemon: AgentDaemon, events: list[ChainEvent], *, at_once: int) -> None:
    """Feed facts to the inbox and let the intake handle them as they come."""
    sink = InboxSink("agent", wants, jsonable, agency.clock)
    head: Any = None
    for start in range(0, len(events), at_once):
        async with agency.database.write() as connection:
            await sink.apply(connection, events[start : start + at_once], head)
        await daemon.intake.step(block=agency.chain.head.number)


@given(data=st.data(), at_once=st.integers(1, 9))
async def test_step__with_facts_in_any_order_and_twice__ends_as_the_chain_says(
    inline_database: Database, tmp_path: Path, data: st.DataObject, at_once: int
) -> None:
    await clear(inline_database)
    agency = Agency(inline_database, tmp_path / "scratch")
    for number in range(3):
        await agency.hire(f"ipfs://bafkreijob{number}", provider=STRANGER if number == 1 else AGENT)
        agency.chain.mine()
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("noShow", 3))
    agency.chain.mine(2)
    events = events_of(agency)
    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4))))
    daemon = await agency.start()
    await _take_in(agency, daemon, shuffled, at_once=at_once)
    statuses = {row.job_key: row.status for row in await agency.work()}
    assert statuses == {DEPLOYMENT.job_key(1): work.NEW, DEPLOYMENT.job_key(3): work.DONE}
    assert await Inbox(inline_database, "agent").count_pending() == 0


async def test_step__with_a_fact_whose_job_the_chain_does_not_know__looks_again_and_gives_up(agency: Agency) -> None:
    await agency.hire("ipfs://bafkreijob")
    agency.chain.mine()
    events = events_of(agency)
    agency.chain.reorg(1, drop=True)
    daemon = await agency.start()
    await _take_in(agency, daemon, events, at_once=9)
    for attempt in range(1, MAX_ATTEMPTS):
        items = await daemon.intake.inbox.pending()
        assert [item.attempts for item in items] == [attempt] * len(items) != []
        assert await daemon.intake.step(block=2) == 0
    assert await daemon.intake.inbox.pending() == []
    assert await agency.work() == []


@pytest.mark.parametrize(
    ("held", "chain", "moves"),
    [
        (work.OPEN, work.NEW, True),
        (work.NEW, work.OPEN, True),
        (work.NEW, work.DONE, True),
        (work.NEW, work.NEW, False),
        (work.LEASED, work.DONE, False),
        (work.DELIVERED, work.NEW, True),
        (work.DELIVERED, work.DONE, True),
        (work.REFUSED, work.NEW, True),
        (work.REFUSED, work.DONE, False),
        (work.DONE, work.NEW, True),
        (work.DEAD, work.NEW, False),
    ],
)
def test_is_moved__from_where_it_is_held_to_where_the_chain_has_it__follows_unless_in_hand(
    held: str, chain: str, moves: bool
) -> None:
    assert is_moved(held, chain) == moves


def test_wants__only_what_an_agent_acts_on() -> None:
    def event(contract: str, name: str) -> ChainEvent:
        return ChainEvent(1, 1, b"", 1, b"", 0, contract, b"", name, {})

    assert wants(event("JobEscrow", "JobFunded"))
    assert wants(event("JobEscrow", "ProviderSet"))
    assert not wants(event("JobEscrow", "BudgetSet"))
    assert not wants(event("ResultOracle", "JobFunded"))
