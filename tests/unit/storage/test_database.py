from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from agents_offchain.storage.database import Database, DatabaseUnavailable
from agents_offchain.storage.heartbeats import beat, list_heartbeats
from agents_offchain.storage.tables.journal import cursors, headers, outbox, transactions

pytestmark = pytest.mark.unit
HEADER = {"consumer": "a", "block_number": 1, "block_hash": b"\1" * 32}


async def test_write__when_the_block_ends__is_seen_by_the_next_read(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(headers).values(HEADER))
    async with database.read() as connection:
        assert (await connection.execute(select(headers.c.block_hash))).scalar_one() == b"\1" * 32


async def test_write__when_the_block_raises__leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(insert(headers).values(HEADER))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read() as connection:
        assert (await connection.execute(select(headers))).first() is None


async def test_write__when_cancelled_half_way__leaves_nothing(database: Database) -> None:
    entered = asyncio.Event()

    async def hang() -> None:
        async with database.write() as connection:
            await connection.execute(insert(headers).values(HEADER))
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as connection:
        await connection.execute(insert(cursors).values(**CURSOR))
    async with database.read() as connection:
        assert (await connection.execute(select(headers))).first() is None


CURSOR = {"consumer": "a", "chain_id": 1, "block_number": 0, "block_hash": b"", "updated_at": 0.0}


async def test_write__from_two_handles_that_read_before_they_write__loses_no_update(database: Database) -> None:
    other = Database(database.url)
    async with database.write() as connection:
        await connection.execute(insert(cursors).values(**CURSOR))

    async def add_one(handle: Database) -> None:
        async with handle.write() as connection:
            now = (await connection.execute(select(cursors.c.block_number))).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(cursors.update().values(block_number=now + 1))

    await asyncio.gather(*(add_one(handle) for handle in (database, other) * 10))
    async with database.read() as connection:
        assert (await connection.execute(select(cursors.c.block_number))).scalar_one() == 20
    await other.close()


async def test_read__while_another_writes__sees_one_snapshot(database: Database) -> None:
    async with database.read() as reader:
        assert (await reader.execute(select(headers))).first() is None
        async with database.write() as connection:
            await connection.execute(insert(headers).values(HEADER))
        assert (await reader.execute(select(headers))).first() is None


async def test_read__when_the_file_cannot_be_opened__is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "aitbc.db"
    path.mkdir()
    handle = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseUnavailable):
        async with handle.read() as connection:
            await connection.execute(text("select 1"))
    await handle.close()


async def test_uint256__at_its_ends__comes_back_and_sorts_as_a_number(database: Database) -> None:
    values = [2**256 - 1, 0, 10, 9, 2**64]
    async with database.write() as connection:
        for index, value in enumerate(values):
            await connection.execute(insert(transactions).values(**_transaction(index, value)))
    async with database.read() as connection:
        query = select(transactions.c.max_fee_wei).order_by(transactions.c.max_fee_wei)
        assert list((await connection.execute(query)).scalars()) == sorted(values)


@pytest.mark.parametrize("value", [-1, 2**256])
async def test_uint256__out_of_range__is_refused(database: Database, value: int) -> None:
    with pytest.raises(Exception, match="not an unsigned 256-bit integer"):
        async with database.write() as connection:
            await connection.execute(insert(transactions).values(**_transaction(0, value)))


async def test_intent_key__twice_in_a_lane__is_refused_by_the_table(database: Database) -> None:
    row = {"lane": "l", "intent_key": "k", "kind": "submit", "to_address": b"", "data": b"", "status": "planned"}
    row |= {"created_at": 0.0, "updated_at": 0.0}

    async def write_twice() -> None:
        async with database.write() as connection:
            await connection.execute(insert(outbox).values(**row))
            await connection.execute(insert(outbox).values(**row))

    with pytest.raises(IntegrityError):
        await write_twice()


async def test_heartbeat__when_repeated__keeps_the_last_word_of_each_process(database: Database) -> None:
    await beat(database, "agent", "starting", at=1.0, started_at=1.0)
    await beat(database, "agent", "running", at=3.0, started_at=1.0, block_number=7, backlog=2, detail="x" * 3000)
    await beat(database, "api", "running", at=2.0, started_at=1.0)
    agent, api = await list_heartbeats(database)
    assert (agent.process, agent.state, agent.block_number, agent.backlog) == ("agent", "running", 7, 2)
    assert len(agent.detail) == 2000
    assert api.process == "api"


def _transaction(index: int, fee: int) -> dict[str, object]:
    return {
        "tx_hash": bytes([index]) * 32,
        "outbox_id": 1,
        "lane": "l",
        "nonce": 0,
        "raw": b"",
        "max_fee_wei": fee,
        "tip_wei": 0,
        "created_at": 0.0,
    }
