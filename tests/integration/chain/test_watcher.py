"""The watcher on a real anvil, through reorganisations and with a real WebSocket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.node import Node
from agents_offchain.chain.wakeup import Wakeup
from agents_offchain.chain.watcher import Watcher
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import InboxSink
from agents_offchain.storage.tables.journal import inbox
from tests.integration.devnet import Devnet
from tests.integration.market import Market

pytestmark = pytest.mark.integration


@pytest.fixture
def watcher(node: Node, deployment: Deployment, database: Database) -> Watcher:
    return Watcher("test", node, database, deployment, InboxSink("test", lambda _: True, jsonable))


async def _catch_up(watcher: Watcher) -> list[int]:
    """Step to the head; the blocks rolled back to."""
    rolled = []
    while True:
        result = await watcher.step()
        if result.rolled_back_to is not None:
            rolled.append(result.rolled_back_to)
        if result.is_caught_up:
            return rolled


async def _held(database: Database) -> set[tuple[int, bytes, int]]:
    query = select(inbox).where(inbox.c.status != "orphaned")
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return {(row.block_number, bytes(row.tx_hash), row.log_index) for row in rows}


async def _said(watcher: Watcher) -> set[tuple[int, bytes, int]]:
    """What the node's own logs say, read in one go."""
    contracts = watcher.deployment.watched()
    logs = await watcher.node.logs(list(contracts), 0, await watcher.node.block_number())
    return {
        (log.block_number, log.tx_hash, log.log_index)
        for log in logs
        if log.block_number >= watcher.deployment.deployed_at_block
        and contracts[log.address].decode_log(log.topics, log.data) is not None
    }


@pytest.mark.parametrize("depth", [1, 4, 30])
async def test_watcher__through_reorganisations__holds_what_the_chain_says(
    watcher: Watcher, market: Market, anvil: Devnet, database: Database, depth: int
) -> None:
    agent = market.register("ipfs://one")
    for number in range(depth + 2):
        if number % 3 == 0:
            market.register(f"ipfs://{number}")
        else:
            anvil.mine()
    await _catch_up(watcher)
    assert await _held(database) == await _said(watcher) != set()
    anvil.reorganise(depth)
    anvil.mine()
    rolled = await _catch_up(watcher)
    assert rolled == [anvil.block_number() - 1 - depth]
    market.list_service(agent)
    await _catch_up(watcher)
    assert await _held(database) == await _said(watcher)


async def test_watcher__with_several_reorganisations_while_it_runs__holds_what_the_chain_says(
    watcher: Watcher, market: Market, anvil: Devnet, database: Database
) -> None:
    for number in range(6):
        market.register(f"ipfs://{number}")
        await watcher.step()
        anvil.reorganise(1 + number % 3)
        await watcher.step()
    anvil.mine(8)
    await _catch_up(watcher)
    assert await _held(database) == await _said(watcher)


async def test_watcher__started_anew_from_the_deployment__holds_the_same(
    watcher: Watcher, market: Market, anvil: Devnet, database: Database
) -> None:
    market.list_service(market.register("ipfs://one"))
    anvil.mine(3)
    await _catch_up(watcher)
    again: Any = Watcher(
        "again", watcher.node, database, watcher.deployment, InboxSink("again", lambda _: True, jsonable)
    )
    await _catch_up(again)
    query = select(inbox.c.consumer, inbox.c.event, inbox.c.tx_hash, inbox.c.log_index, inbox.c.args)
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    held = {name: [tuple(map(str, row[1:])) for row in rows if row.consumer == name] for name in ("test", "again")}
    assert sorted(held["test"]) == sorted(held["again"]) != []


async def test_wakeup__over_a_real_websocket__returns_at_a_block(anvil: Devnet) -> None:
    wakeup = Wakeup(anvil.url, 30)
    wakeup.start()
    try:
        waiting = asyncio.create_task(wakeup.wait())
        while not waiting.done():
            await asyncio.to_thread(anvil.mine)
            await asyncio.wait({waiting}, timeout=0.05)
    finally:
        await wakeup.close()
