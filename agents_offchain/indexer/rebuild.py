"""Make the read model again from the first block, and compare what is with what it should be."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.node import Node
from agents_offchain.chain.watcher import Watcher
from agents_offchain.indexer.daemon import CONSUMER
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate
from agents_offchain.storage.tables.journal import cursors, headers
from agents_offchain.storage.tables.read_model import FOLDED, chain_heads

PATIENCE_READS, PAUSE_SECONDS = 100, 0.1
"""How often, and after how many seconds, the indexer is looked at until its generations stand at one block."""


class NothingIndexed(Refused):
    """There is no read model yet that could be checked."""


@dataclass(frozen=True)
class TableCheck:
    """One table beside its rebuild: rows and sha-256 of both."""

    table: str
    rows: int
    rebuilt_rows: int
    digest: str
    rebuilt_digest: str

    @property
    def is_equal(self) -> bool:
        return self.digest == self.rebuilt_digest


@dataclass(frozen=True)
class Verification:
    """What `verify` found, at the block that the live tables had reached."""

    block_number: int
    checks: tuple[TableCheck, ...]

    @property
    def is_equal(self) -> bool:
        return all(check.is_equal for check in self.checks)


class NodeUntil(Node):
    """A node whose chain ends at a given block, for reading history up to there."""

    def __init__(self, url: str, last_block: int) -> None:
        super().__init__(url)
        self._last_block = last_block

    async def block_number(self) -> int:
        return min(await super().block_number(), self._last_block)


async def rebuild(database: Database, node: Node, deployment: Deployment, *, consumer: str = CONSUMER) -> int:
    """Empty the folded tables and fill them from the deployment's first block to the head, oldest generation first.

    Returns:
        The last block taken. Killed half-way, the next step of the indexer goes on from there.

    Raises:
        NodeUnavailable: the node failed; call again.
    """
    async with database.write() as connection:
        await empty(connection, deployment, consumer)
    reached = 0
    for watcher in index_watchers(node, database, deployment, consumer=consumer):
        while not (result := await watcher.step()).is_caught_up:
            pass
        reached = result.block_number
    return reached


def index_watchers(
    node: Node,
    database: Database,
    deployment: Deployment,
    *,
    consumer: str = CONSUMER,
    confirmations: int = 0,
    retained: int = 256,
    clock: Clock | None = None,
) -> list[Watcher]:
    """What the indexer follows, oldest generation first: each with its own place, contracts and rows."""
    return [
        Watcher(
            each.reader(consumer),
            node,
            database,
            each,
            IndexSink(each, says_head=each is deployment),
            confirmations=confirmations,
            retained=retained,
            clock=clock or SystemClock(),
            contracts=each.own(),
        )
        for each in reversed(deployment.generations)
    ]


async def empty(connection: AsyncConnection, deployment: Deployment, consumer: str = CONSUMER) -> None:
    """Forget everything folded and where the indexer stands, in the caller's transaction."""
    for table in (*FOLDED, chain_heads):
        await connection.execute(delete(table))
    readers = [each.reader(consumer) for each in deployment.generations]
    for table in (cursors, headers):
        await connection.execute(delete(table).where(table.c.consumer.in_(readers)))


async def verify(database: Database, node: Node, deployment: Deployment, *, consumer: str = CONSUMER) -> Verification:
    """Rebuild into a database of its own and compare every folded table. The live tables are only read.

    Raises:
        NothingIndexed: the indexer has not taken a block yet.
        NodeUnavailable: the node failed, or the chain changed meanwhile; call again.
    """
    cursor, live = await _at_one_block(database, deployment, consumer)
    with tempfile.TemporaryDirectory(prefix="aitbc-verify-") as folder:
        rebuilt = await _rebuild_apart(Path(folder), node.url, deployment, cursor)
    checks = tuple(
        TableCheck(table, live[table][0], rebuilt[table][0], live[table][1], rebuilt[table][1]) for table in live
    )
    return Verification(cursor.block_number, checks)


async def _at_one_block(database: Database, deployment: Deployment, consumer: str) -> tuple[Any, dict[str, Any]]:
    """Where the indexer stands and its tables' digests, read while all its generations stand at the same block."""
    for _ in range(PATIENCE_READS):
        async with database.read() as connection:
            places = []
            for each in deployment.generations:
                query = select(cursors).where(cursors.c.consumer == each.reader(consumer))
                places.append((await connection.execute(query)).one_or_none())
            if None in places:
                raise NothingIndexed("The indexer has not taken a block yet.", mend="Start it, then verify again.")
            if len({place.block_hash for place in places if place is not None}) == 1:
                return places[0], await table_digests(connection)
        await asyncio.sleep(PAUSE_SECONDS)
    raise NodeUnavailable("The indexer is still reading an older generation; check again later.")


async def _rebuild_apart(folder: Path, url: str, deployment: Deployment, cursor: Any) -> dict[str, tuple[int, str]]:
    fresh_url = f"sqlite+aiosqlite:///{folder / 'rebuild.db'}"
    await migrate(fresh_url)
    fresh, until = Database(fresh_url), NodeUntil(url, cursor.block_number)
    try:
        await rebuild(fresh, until, deployment)
        async with fresh.read() as connection:
            newest = select(cursors).where(cursors.c.consumer == deployment.reader(CONSUMER))
            reached = (await connection.execute(newest)).one()
            if reached.block_hash != cursor.block_hash:
                raise NodeUnavailable("The chain changed while the tables were checked; check again.")
            return await table_digests(connection)
    finally:
        await until.close()
        await fresh.close()


async def table_digests(connection: AsyncConnection) -> dict[str, tuple[int, str]]:
    """Table -> (rows, sha-256 over its rows in key order), the same on SQLite and PostgreSQL."""
    digests = {}
    for table in FOLDED:
        names = [column.name for column in table.columns]
        lines = sorted(
            orjson.dumps([jsonable(value) for value in row], option=orjson.OPT_SORT_KEYS)
            for row in await connection.execute(select(*(table.c[name] for name in names)))
        )
        digest = hashlib.sha256()
        for line in lines:
            digest.update(line + b"\n")
        digests[table.name] = (len(lines), digest.hexdigest())
    return digests
