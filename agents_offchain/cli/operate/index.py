"""`aitbc index`: are the read tables what the chain says, and make them again from the first block.

A running indexer that is in the middle of a step would write over a rebuild. So while the home is up, the tables are
emptied and the indexer is ended in one transaction; its supervisor starts it again, and it fills them itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from sqlalchemy import select

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.node import Node
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import HomeDown, home_database, is_up, require_rpc_url
from agents_offchain.cli.places import run_files
from agents_offchain.indexer.daemon import CONSUMER
from agents_offchain.indexer.rebuild import empty, rebuild, verify
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import is_alive
from agents_offchain.runtime.supervisor.state_file import StateFile
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import cursors

PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.2


def run_verify(settings: Settings, console: Console) -> int:
    """Exit code 0 when every table equals its rebuild, 1 when one differs."""
    return asyncio.run(_verify(settings, console))


def run_rebuild(settings: Settings, console: Console) -> int:
    return asyncio.run(_rebuild(settings, console))


async def _verify(settings: Settings, console: Console) -> int:
    async with home_database(settings) as database, _node(settings) as node:
        found = await verify(database, node, load_deployment(settings.deployment_file))
    console.document(
        {
            "is_equal": found.is_equal,
            "block": found.block_number,
            "tables": [{**asdict(check), "is_equal": check.is_equal} for check in found.checks],
        }
    )
    for check in found.checks:
        word = "equal" if check.is_equal else f"differs: {check.rows} rows, {check.rebuilt_rows} when rebuilt"
        console.line(f"{check.table:<26}{check.rows:>8} rows  {word}")
    console.line(
        f"Every table equals its rebuild at block {found.block_number}."
        if found.is_equal
        else "The tables are not what the chain says; `aitbc index rebuild` makes them again."
    )
    return 0 if found.is_equal else 1


async def _rebuild(settings: Settings, console: Console) -> int:
    began = time.monotonic()
    async with home_database(settings) as database, _node(settings) as node:
        if is_up(settings):
            block = await _rebuild_by_the_indexer(settings, database, node)
        else:
            lock = HomeLock(run_files(settings))
            lock.acquire()  # nobody starts the home meanwhile
            try:
                block = await rebuild(database, node, load_deployment(settings.deployment_file))
            finally:
                lock.release()
    seconds = round(time.monotonic() - began, 1)
    console.document({"block": block, "seconds": seconds})
    console.line(f"The tables are made again up to block {block} ({seconds} s).")
    return 0


async def _rebuild_by_the_indexer(settings: Settings, database: Database, node: Node) -> int:
    """Empty the tables, end the indexer before it can write, and wait for its successor to be at the head."""
    head = await node.block_number()
    deployment = load_deployment(settings.deployment_file)
    async with database.write() as connection:
        await empty(connection, deployment)
        _end_indexer(settings)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        async with database.read() as connection:
            query = select(cursors.c.block_number).where(cursors.c.consumer == deployment.reader(CONSUMER))
            reached = (await connection.execute(query)).scalar_one_or_none()
        if reached is not None and reached >= head:
            return int(reached)
        await asyncio.sleep(POLL_SECONDS)
    raise HomeDown("The indexer has not come back to the head.", mend="`aitbc logs indexer` tells why.")


def _end_indexer(settings: Settings) -> None:
    state = StateFile(run_files(settings)).read()
    for process in state.processes if state is not None else ():
        if process.name == CONSUMER and process.pid and is_alive(process):
            os.kill(process.pid, signal.SIGKILL)


@asynccontextmanager
async def _node(settings: Settings) -> AsyncIterator[Node]:
    node = Node(require_rpc_url(settings))
    try:
        yield node
    finally:
        await node.close()
