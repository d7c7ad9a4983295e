"""From a log that is visible at the node to the handler that takes it: by WebSocket and by polling alone.

The time begins when the node answers the transaction, which on automine is when its block is there; beside it a bare
log subscription is listened to in the same process. The watcher is the product's, with its cursor in SQLite.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import websockets

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.wakeup import Wakeup
from agents_offchain.chain.watcher import Watcher
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate
from tests.bench.daemons.figures import Figure, percentile
from tests.integration.devnet import CLIENT, Devnet, running_anvil
from tests.integration.market import Market, deploy

POLL_SECONDS = 0.05
_REGISTER = load_abi("AgentRegistry").encode_call("register()")


class Handler:
    """A sink that notes when it was called."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.at = 0.0

    async def apply(self, connection: Any, events: Sequence[Any], head: Any) -> None:
        if events:
            self.at = time.perf_counter()
            self.called.set()

    async def roll_back(self, connection: Any, last_valid: int) -> None:
        return None


def measure(events: int) -> list[Figure]:
    with running_anvil() as devnet:
        market = Market(devnet, deploy(devnet))
        return asyncio.run(_measure(devnet, market, events))


async def _measure(devnet: Devnet, market: Market, events: int) -> list[Figure]:
    pushed, bare = await _time(devnet, market, events, 0.5, is_pushed=True)
    polled, _ = await _time(devnet, market, events, POLL_SECONDS, is_pushed=False)
    often = f"every {POLL_SECONDS * 1e3:g} ms"
    beside = f"bare log subscription p50 {percentile(bare, 0.5):.1f}, p95 {percentile(bare, 0.95):.1f} ms"
    return [
        Figure("latency: by WebSocket, p95", percentile(pushed, 0.95), "ms", 10, reference=beside),
        Figure("latency: by WebSocket, p50", percentile(pushed, 0.5), "ms", reference=f"{events} events"),
        Figure("latency: by polling, p95", percentile(polled, 0.95), "ms", 100, reference=often),
    ]


async def _time(
    devnet: Devnet, market: Market, events: int, poll_seconds: float, *, is_pushed: bool
) -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory(prefix="aitbc-bench-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'latency.db'}"
        await migrate(url)
        database, node, handler = Database(url), Node(devnet.url), Handler()
        watcher = Watcher("latency", node, database, market.deployment, handler)
        wakeup = Wakeup(devnet.url, poll_seconds)
        if is_pushed:
            wakeup.start()
        loop = asyncio.create_task(_watch(watcher, wakeup))
        bare: list[float] = []
        listener = asyncio.create_task(_listen(devnet.url, bare))
        ours, started = [], []
        for number in range(events + 5):
            handler.called.clear()
            await asyncio.to_thread(_register, market)
            began = time.perf_counter()
            started.append(began)
            await asyncio.wait_for(handler.called.wait(), 10)
            ours.append((handler.at - began) * 1e3)
            if number < 5:  # connections are made and caches filled
                ours.clear()
        for task in (loop, listener):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await wakeup.close()
        await node.close()
        await database.close()
        return ours, _delays(started[5:], bare)


def _register(market: Market) -> None:
    """A transaction whose answer comes when it is in a block, with events of a watched contract."""
    call = market.deployment.address("AgentRegistry")
    data = "0x" + _REGISTER.hex()
    market.devnet.rpc(
        "eth_sendTransaction",
        {"from": market.devnet.accounts[CLIENT], "to": "0x" + call.hex(), "data": data, "gas": hex(500_000)},
    )


async def _watch(watcher: Watcher, wakeup: Wakeup) -> None:
    while True:
        if (await watcher.step()).is_caught_up:
            await wakeup.wait()


async def _listen(url: str, arrivals: list[float]) -> None:
    async with websockets.connect("ws" + url.removeprefix("http"), proxy=None) as socket:
        subscribe = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["logs", {}]}
        await socket.send(orjson.dumps(subscribe).decode())
        async for _ in socket:
            arrivals.append(time.perf_counter())


def _delays(started: list[float], arrivals: list[float]) -> list[float]:
    """Of each event the first arrival after it began."""
    delays = []
    for began in started:
        later = [at for at in arrivals if at >= began - 0.002]
        if later:
            delays.append(max(min(later) - began, 0.0) * 1e3)
    return delays or [0.0]
