from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Inbox, InboxSink
from agents_offchain.storage.progress import record_progress

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Said:
    """A fact as the watcher hands it over."""

    block_number: int
    log_index: int
    name: str = "JobFunded"
    tx_hash: bytes = b"\1" * 32
    chain_id: int = 31337
    block_hash: bytes = b"\2" * 32
    block_time: int = 5
    contract: str = "JobEscrow"
    args: dict[str, Any] = field(default_factory=lambda: {"jobId": 1})


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database, "agent", ManualClock())


@pytest.fixture
def sink() -> InboxSink:
    return InboxSink("agent", lambda fact: fact.name == "JobFunded", lambda args: args, ManualClock())


async def _apply(database: Database, sink: InboxSink, *facts: Said) -> None:
    async with database.write() as connection:
        await sink.apply(connection, facts, None)


async def test_apply__of_facts_not_wanted__keeps_none(database: Database, inbox: Inbox, sink: InboxSink) -> None:
    await _apply(database, sink, Said(1, 0, name="BudgetSet"), Said(1, 1))
    assert [(item.block_number, item.log_index) for item in await inbox.pending()] == [(1, 1)]


async def test_apply__of_the_same_fact_twice__keeps_one_and_what_was_done(
    database: Database, inbox: Inbox, sink: InboxSink
) -> None:
    await _apply(database, sink, Said(1, 0), Said(1, 0))
    (item,) = await inbox.pending()
    async with database.write() as connection:
        await inbox.mark_done(connection, item)
    await _apply(database, sink, Said(1, 0))
    assert await inbox.pending() == []


async def test_pending__of_many__is_in_chain_order_and_at_most_the_limit(
    database: Database, inbox: Inbox, sink: InboxSink
) -> None:
    await _apply(database, sink, Said(3, 0), Said(1, 2), Said(2, 0, tx_hash=b"\3" * 32), Said(1, 1))
    assert [(i.block_number, i.log_index) for i in await inbox.pending(3)] == [(1, 1), (1, 2), (2, 0)]
    assert await inbox.count_pending() == 4


async def test_mark_done__in_a_transaction_that_fails__leaves_it_pending(
    database: Database, inbox: Inbox, sink: InboxSink
) -> None:
    await _apply(database, sink, Said(1, 0))
    (item,) = await inbox.pending()

    async def act() -> None:
        async with database.write() as connection:
            await record_progress(connection, "job", "stage", "x" * 3000, source="agent", at=1.0)
            await inbox.mark_done(connection, item)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act()
    assert await inbox.count_pending() == 1


async def test_mark_failed__often_enough__is_dead_with_its_reason(
    database: Database, inbox: Inbox, sink: InboxSink
) -> None:
    await _apply(database, sink, Said(1, 0))
    for attempt in range(3):
        (item,) = await inbox.pending()
        assert item.attempts == attempt
        assert await inbox.mark_failed(item, "no such job", max_attempts=3) == (attempt == 2)
    assert await inbox.pending() == []


async def test_roll_back__of_one_consumer__touches_no_other(database: Database, inbox: Inbox, sink: InboxSink) -> None:
    other = InboxSink("other", lambda _: True, lambda args: args, ManualClock())
    await _apply(database, sink, Said(5, 0))
    await _apply(database, other, Said(5, 0))
    async with database.write() as connection:
        await sink.roll_back(connection, 4)
    assert await inbox.count_pending() == 0
    assert await Inbox(database, "other").count_pending() == 1


async def test_roll_back__to_the_block_of_a_fact__keeps_it(database: Database, inbox: Inbox, sink: InboxSink) -> None:
    await _apply(database, sink, Said(4, 0), Said(5, 1))
    async with database.write() as connection:
        await sink.roll_back(connection, 4)
    assert [item.block_number for item in await inbox.pending()] == [4]


async def test_apply__of_a_fact_that_was_dead_and_taken_back__is_new(
    database: Database, inbox: Inbox, sink: InboxSink
) -> None:
    await _apply(database, sink, Said(5, 0))
    (item,) = await inbox.pending()
    await inbox.mark_failed(item, "no", max_attempts=1)
    async with database.write() as connection:
        await sink.roll_back(connection, 4)
    await _apply(database, sink, Said(6, 0, args={"jobId": 2}))
    (item,) = await inbox.pending()
    assert (item.block_number, item.args, item.attempts) == (6, {"jobId": 2}, 0)
