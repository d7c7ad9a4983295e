"""What a demo counts as agreement: signatures on one report, not verdicts that are only reserved."""

from __future__ import annotations

from typing import Any, cast

import pytest

from agents_offchain.cli.demo.follow import JobFollower
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import verdict_signatures
from tests.fakes.deployment import DEPLOYMENT

pytestmark = pytest.mark.unit


def row(signer: int, report: bytes, signature: bytes) -> dict[str, Any]:
    return {
        "consumer": f"reporter-{signer}",
        "job_key": DEPLOYMENT.job_key(1),
        "signer": bytes([signer]) * 20,
        "submitted_at": 5,
        "deliverable": b"d" * 32,
        "report_hash": report,
        "report_cid": "cid",
        "score": 100,
        "epoch": 1,
        "signature": signature,
        "received_at": 6.0,
    }


async def test_agreeing__counts_signatures_on_the_likeliest_report_alone(database: Database) -> None:
    one, other = b"1" * 32, b"2" * 32
    rows = [row(1, one, b"s" * 65), row(2, one, b"s" * 65), row(3, one, b""), row(4, other, b"s" * 65)]
    async with database.write() as connection:
        await connection.execute(verdict_signatures.insert(), rows)
    follower = JobFollower(cast(Any, None), database, DEPLOYMENT, 1)
    assert await follower.agreeing() == {b"\1" * 20, b"\2" * 20}
    assert await JobFollower(cast(Any, None), database, DEPLOYMENT, 2).agreeing() == set()
