"""Migration 0014 keeps what an older release wrote: its rows are of the first generation."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate
from agents_offchain.storage.tables.read_model import verdicts

pytestmark = pytest.mark.unit
VERDICT = {
    "job_id": 7,
    "report_hash": b"\1" * 32,
    "deliverable": b"\2" * 32,
    "score": 90,
    "epoch": 1,
    "signer_bitmap": 5,
    "posted_at": 10,
    "tx_hash": b"\3" * 32,
}


async def test_migration__of_a_database_with_rows__keeps_them_in_the_first_generation(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    await migrate(url, "0013")
    before = Database(url)
    async with before.write() as connection:
        values = {**VERDICT, "job_id": f"{7:078d}", "signer_bitmap": f"{5:078d}"}
        names = ", ".join(VERDICT)
        await connection.execute(text(f"INSERT INTO verdicts ({names}) VALUES (:{', :'.join(VERDICT)})"), values)
    await before.close()
    await migrate(url)
    database = Database(url)
    try:
        async with database.write() as connection:
            await connection.execute(insert(verdicts).values(**VERDICT, generation=2))
        async with database.read() as connection:
            found = (await connection.execute(select(verdicts.c.generation, verdicts.c.job_id, verdicts.c.score))).all()
        assert sorted(map(tuple, found)) == [(1, 7, 90), (2, 7, 90)]
        with pytest.raises(IntegrityError):
            async with database.write() as connection:
                await connection.execute(insert(verdicts).values(**VERDICT, generation=2))
    finally:
        await database.close()
