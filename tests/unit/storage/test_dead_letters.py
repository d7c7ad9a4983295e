"""Dead rows are listed with their reason, and put back or taken away only while they are dead."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.dead_letters import DeadLetters, LetterFinal, LetterUnknown
from agents_offchain.storage.outbox import Intent, Outbox
from agents_offchain.storage.tables.journal import inbox, outbox, work
from agents_offchain.storage.work import DEAD, WorkQueue

pytestmark = pytest.mark.unit
JOB = "31337:0x" + "e5" * 20 + ":7"
FACT = "fact:agent:1:31337:0x" + "11" * 32 + ":4"
LANE = "31337:0x" + "a1" * 20


@pytest.fixture
async def letters(database: Database, manual_clock: ManualClock) -> DeadLetters:
    async with database.write() as connection:
        await connection.execute(
            inbox.insert().values(
                consumer="agent:1",
                chain_id=31337,
                tx_hash=b"\x11" * 32,
                log_index=4,
                block_number=9,
                block_hash=b"\x22" * 32,
                block_time=1,
                contract="JobEscrow",
                event="JobFunded",
                args={"jobId": 7},
                status="dead",
                attempts=10,
                error="nobody knows the job",
                received_at=1.0,
            )
        )
        queue = WorkQueue(database, "agent:1", clock=manual_clock)
        await queue.add(connection, JOB, {"job_id": 7}, DEAD)
        await connection.execute(update(work).values(error="no such picture", checkpoint={"deaths": 3, "cid": "x"}))
        lane = Outbox(database, LANE, manual_clock)
        for key in ("a", "b", "c"):
            await lane.plan(connection, Intent(key, "submit", b"\1" * 20, b"\2"))
        await connection.execute(update(outbox).where(outbox.c.intent_key == "a").values(status="failed", error="no"))
        await connection.execute(
            update(outbox).where(outbox.c.intent_key == "b").values(status="failed", block_number=3, error=None)
        )
    return DeadLetters(database, manual_clock)


async def _row(database: Database, table: Any) -> Any:
    async with database.read() as connection:
        return (await connection.execute(select(table))).first()


async def test_list__shows_each_kind_with_its_reason_and_nothing_that_lives(letters: DeadLetters) -> None:
    found = {letter.id: letter.reason for letter in await letters.list()}
    assert found == {
        FACT: "nobody knows the job",
        f"job:agent:1/{JOB}": "no such picture",
        "intent:1": "no",
        "intent:2": "",
    }


async def test_replay__a_fact__is_new_again(letters: DeadLetters, database: Database) -> None:
    assert (await letters.get(FACT)).title == "JobEscrow.JobFunded"
    await letters.replay(FACT)
    row = await _row(database, inbox)
    assert (row.status, row.attempts, row.error) == ("new", 0, None)
    with pytest.raises(LetterUnknown):
        await letters.replay(FACT)


async def test_replay__a_job__is_leased_again_from_its_checkpoint(
    letters: DeadLetters, database: Database, manual_clock: ManualClock
) -> None:
    await letters.replay(f"job:agent:1/{JOB}")
    item = await WorkQueue(database, "agent:1", clock=manual_clock).lease("me")
    assert item is not None
    assert (item.job_key, item.checkpoint, item.attempts) == (JOB, {"cid": "x"}, 1)


async def test_replay__an_intent__is_planned_again_unless_it_was_mined(
    letters: DeadLetters, database: Database, manual_clock: ManualClock
) -> None:
    await letters.replay("intent:1")
    item = await Outbox(database, LANE, manual_clock).status("a")
    assert item is not None
    assert (item.status, item.error) == ("planned", None)
    with pytest.raises(LetterFinal, match="mined and reverted"):
        await letters.replay("intent:2")


async def test_replay__an_intent_taken_back_on_purpose__is_refused(letters: DeadLetters, database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(outbox).where(outbox.c.id == 1).values(kind="withdrawn"))
    with pytest.raises(LetterFinal, match="on purpose"):
        await letters.replay("intent:1")


async def test_drop__any_letter__leaves_the_list_and_an_intents_key_stays_taken(
    letters: DeadLetters, database: Database, manual_clock: ManualClock
) -> None:
    for letter in await letters.list():
        assert await letters.drop(letter.id, "not wanted") == letter
    assert await letters.list() == []
    assert await _row(database, inbox) is None
    assert await _row(database, work) is None
    lane = Outbox(database, LANE, manual_clock)
    async with database.write() as connection:
        assert not await lane.plan(connection, Intent("a", "submit", b"\1" * 20, b"\2"))
    with pytest.raises(LetterUnknown):
        await letters.drop("intent:1", "again")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "intent:",
        "intent:x",
        "intent:3",
        "intent:-1",
        "intent:99999999999999999999",
        "fact:agent",
        "fact:agent:1:2:3:4",
        f"job:agent/{JOB}",
        "job:",
        FACT.replace("11", "zz"),
    ],
)
async def test_get__given_no_dead_letters_name__says_so(letters: DeadLetters, name: str) -> None:
    with pytest.raises(LetterUnknown):
        await letters.get(name)


async def test_list__of_a_database_without_troubles__is_empty(database: Database) -> None:
    assert await DeadLetters(database).list() == []
