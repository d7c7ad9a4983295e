"""A watcher that starts far behind still keeps the headers it needs for the next reorganisation."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Block, Node, RawLog
from agents_offchain.chain.watcher import ChainEvent, Watcher
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import headers
from tests.unit.indexer.fake_chain import fake_deployment, memory_database

pytestmark = pytest.mark.unit


class HeaderChain(Node):
    """A chain of empty blocks; blocks from `fork` on are others."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.fork: int | None = None

    def _block(self, number: int) -> Block:
        return Block(number, self._hash(number), self._hash(number - 1), 1_000 + number, 0)

    def _hash(self, number: int) -> bytes:
        is_forked = self.fork is not None and number >= self.fork
        return hashlib.sha256(f"{number}{is_forked}".encode()).digest()

    async def block_number(self) -> int:
        return self.length

    async def block(self, number: int | str = "latest") -> Block | None:
        place = self.length if isinstance(number, str) else number
        return self._block(place) if place <= self.length else None

    async def blocks(self, first: int, last: int) -> list[Block]:
        return [self._block(number) for number in range(first, min(last, self.length) + 1)]

    async def logs(self, addresses: list[bytes], first: int, last: int) -> list[RawLog]:
        return []

    async def batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        return []


class SilentSink:
    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        return None

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        return None


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    async with memory_database() as held:
        yield held


async def catch_up(watcher: Watcher) -> int:
    while True:
        result = await watcher.step()
        if result.is_caught_up:
            return result.block_number


@pytest.mark.parametrize("confirmations", [0, 3, 40])
async def test_watcher__when_it_has_caught_up_from_afar__keeps_the_last_headers(
    database: Database, confirmations: int
) -> None:
    node = HeaderChain(1_000)
    watcher = Watcher("far", node, database, fake_deployment(), SilentSink(), confirmations=confirmations, retained=32)
    assert await catch_up(watcher) == 1_000 - confirmations
    async with database.read() as connection:
        kept = {row.block_number for row in await connection.execute(select(headers))}
    assert kept >= set(range(1_000 - 32 - confirmations, 1_001 - confirmations))


async def test_watcher__when_the_chain_forks_right_after_catching_up__rolls_back_to_the_fork(
    database: Database,
) -> None:
    node = HeaderChain(1_000)
    watcher = Watcher("far", node, database, fake_deployment(), SilentSink(), retained=32)
    await catch_up(watcher)
    node.fork, node.length = 995, 1_001
    assert (await watcher.step()).rolled_back_to == 994
    assert await catch_up(watcher) == 1_001
