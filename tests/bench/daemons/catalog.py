"""The catalog's page over a large read model: 10,000 agents with a listing each, jobs, and a million events."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import orjson

from agents_offchain.api.rest.reads.cards import AgentCards
from agents_offchain.api.rest.reads.listings import ListingSort, search_listings
from agents_offchain.api.rest.reads.shared import Reader
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate
from tests.bench.daemons.figures import Figure, percentile
from tests.fakes.deployment import DEPLOYMENT

SERVICES = ("inspect-image", "observe-scene", "answer", "translate")
JOBS_PER_AGENT = 10
PLAIN = tuple({"text": "", "sort": sort} for sort in (ListingSort.NEWEST, ListingSort.PRICE, ListingSort.SPEED))
BY_COMPLETED = ({"text": "", "sort": ListingSort.COMPLETED},)
NOBODY = "nobody is called so"
SEARCHES = ({"text": "agent 99", "sort": ListingSort.NEWEST}, {"text": NOBODY, "sort": ListingSort.NEWEST})
"""A word of the newest agents, and one that nothing answers to: the most rows that are looked at for a page."""
KINDS: dict[str, tuple[dict[str, Any], ...]] = {
    "listing query": PLAIN,
    "listings by completed jobs": BY_COMPLETED,
    "text search": SEARCHES,
}
"""The catalog's page as it opens and is ordered; each is asked with and without a service."""


def measure(agents: int, events: int, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="aitbc-bench-") as folder:
        file = Path(folder) / "catalog.db"
        url = f"sqlite+aiosqlite:///{file}"
        asyncio.run(migrate(url))
        fill(file, agents, events)
        bare = _bare(file, rounds * 10)
        times = {kind: asyncio.run(_query(url, rounds, queries)) for kind, queries in KINDS.items()}
    beside = f"{agents:,} agents, {events:,} events; one row by its key, bare: p99 {percentile(bare, 0.99):.2f} ms"
    return [
        Figure(
            f"catalog: {kind}, p99",
            percentile(values, 0.99),
            "ms",
            50,
            reference=f"p50 {percentile(values, 0.5):.1f} ms; {beside}",
        )
        for kind, values in times.items()
    ]


def fill(file: Path, agents: int, events: int) -> None:
    """Rows as the indexer leaves them, written in bulk."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous=OFF")
    for table, rows in (
        ("policies", _policies()),
        ("agents", _agents(agents)),
        ("agent_listings", _listings(agents)),
        ("jobs", _jobs(agents)),
        ("events", _events(agents, events)),
    ):
        _insert(connection, table, rows)
    connection.execute("INSERT INTO tokens VALUES (?, 'tUSD', 6)", (b"\x01" * 20,))
    connection.execute("INSERT INTO chain_heads VALUES (31337, ?, 1700000000)", (events,))
    connection.commit()
    connection.execute("ANALYZE")
    connection.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    names = ", ".join(first)
    marks = ", ".join(f":{name}" for name in first)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
    connection.execute(statement, first)
    connection.executemany(statement, rows)


def _number(value: int) -> str:
    return f"{value:078d}"


def _policies() -> Iterator[dict[str, Any]]:
    yield {
        "policy_id": 1,
        "policy_hash": bytes(32),
        "evaluator": bytes(20),
        "token": b"\x01" * 20,
        "hook": bytes(20),
        "fee_bps": 500,
        "pool_share_bps": 4_000,
        "pass_mark": 60,
        "verdict_seconds": 600,
        "review_seconds": 120,
        "court_seconds": 0,
        "grace_seconds": 604_800,
        "is_ledger_only": False,
        "is_retired": False,
        "created_at": 1_700_000_000,
    }


def _agents(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        place = number.to_bytes(20, "big")
        yield {
            "agent_id": _number(number),
            "owner": place,
            "wallet": place,
            "uri": f'data:application/json,{{"name":"agent {number}","description":"looks at pictures"}}',
            "created_at": 1_700_000_000 + number,
            "updated_at": 1_700_000_000 + number,
        }


def _listings(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "id": str(uuid.UUID(int=number)),
            "listing_id": _number(number + 1),
            "agent_id": _number(number),
            "service_type": SERVICES[number % len(SERVICES)],
            "pricing_model": "fixed",
            "price": _number(1_000_000 + number * 7_919 % 5_000_000),
            "policy_id": 1,
            "work_seconds": 900,
            "criteria_hash": bytes(32),
            "uri": f"ipfs://bafklisting{number}",
            "is_available": number % 5 != 0,
            "is_closed": number % 11 == 0,
            "reputation_score": None,
            "created_at": 1_700_000_000 + number,
            "updated_at": 1_700_000_000 + number,
            "jobs_completed": sum((number + turn * count) % 3 != 0 for turn in range(JOBS_PER_AGENT)),
        }


def _jobs(agents: int) -> Iterator[dict[str, Any]]:
    for number in range(agents * JOBS_PER_AGENT):
        place = (number % agents).to_bytes(20, "big")
        is_done = number % 3 != 0
        yield {
            "job_id": _number(number + 1),
            "client": b"\xcc" * 20,
            "provider": place,
            "evaluator": bytes(20),
            "agent_id": _number(number % agents),
            "listing_id": _number(number % agents + 1),
            "policy_id": 1,
            "budget": _number(1_500_000),
            "status": "completed" if is_done else "funded",
            "description": f"ipfs://bafkjob{number}",
            "paid": _number(1_425_000 if is_done else 0),
            "refunded": _number(0),
            "fee_treasury": _number(0),
            "fee_reporters": _number(0),
            "expired_at": 1_800_000_000,
            "created_at": 1_700_000_000 + number,
            "created_tx": number.to_bytes(32, "big"),
        }


def _events(agents: int, count: int) -> Iterator[dict[str, Any]]:
    args = orjson.dumps({"jobId": 1, "client": "0x" + "cc" * 20, "amount": 1_500_000}).decode()
    for number in range(count):
        yield {
            "chain_id": 31337,
            "tx_hash": number.to_bytes(32, "big"),
            "log_index": 0,
            "block_number": number,
            "block_hash": number.to_bytes(32, "little"),
            "block_time": 1_700_000_000 + number,
            "contract": "JobEscrow",
            "address": b"\xee" * 20,
            "name": "JobFunded",
            "args": args,
            "entity": "job",
            "entity_id": _number(number % (agents * JOBS_PER_AGENT) + 1),
        }


async def _query(url: str, rounds: int, queries: tuple[dict[str, Any], ...]) -> list[float]:
    database, times = Database(url), []
    cards = AgentCards(MemoryArtifactStore(), SystemClock())
    for number in range(rounds + 1):
        for query, service in product(queries, (None, SERVICES[0])):
            began = time.perf_counter()
            async with database.read() as connection:
                reader = Reader(connection, DEPLOYMENT, cards)
                page = await search_listings(reader, service=service, is_available=True, limit=20, cursor=None, **query)
            if number:  # the first round fills caches
                times.append((time.perf_counter() - began) * 1e3)
            assert page.items or query["text"] == NOBODY
    await database.close()
    return times


def _bare(file: Path, count: int) -> list[float]:
    connection, times = sqlite3.connect(file), []
    for number in range(count):
        began = time.perf_counter()
        connection.execute("SELECT * FROM agents WHERE agent_id = ?", (_number(number),)).fetchone()
        times.append((time.perf_counter() - began) * 1e3)
    connection.close()
    return times
