"""What is measured, each in one round: bare or product, the other side always in another process."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from eth_utils.crypto import keccak

from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.gathering import EVERYBODY, at_least
from agents_offchain.messaging.protocols.message import encode_body, wallet_of
from agents_offchain.messaging.protocols.signature import recover_signer
from agents_offchain.messaging.routing.cards import Query
from agents_offchain.messaging.streams import connect
from tools.messaging_bench import bare
from tools.messaging_bench.served import VOTE, start_host

ROOT = Path(__file__).parents[2]
CONCURRENCY = 64
BODY = {"text": "x" * 286}
BODY_BYTES = b"x" * 300


@dataclass(frozen=True)
class Measured:
    """One round: `rate` a second, latencies in ms, CPU seconds of both sides and the server for 1,000."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_seconds: float


@asynccontextmanager
async def other_process(url: str, kind: str, count: int) -> AsyncIterator[psutil.Process]:
    """The serving side, ended with the block."""
    child = subprocess.Popen([sys.executable, "-m", "tools.messaging_bench.served", kind, url, str(count)], cwd=ROOT)  # noqa: ASYNC220
    try:
        yield psutil.Process(child.pid)
    finally:
        child.kill()
        child.wait()


async def bare_asks(url: str, server: psutil.Process, valkey: psutil.Process, requests: int) -> Measured:
    client = bare.Client(connect(url), connect(url))
    try:
        await bare.wait_for_server(client, bare.REQUESTS)
        return await _repeat(lambda: client.ask(bare.REQUESTS, BODY_BYTES), requests, CONCURRENCY, server, valkey)
    finally:
        await client.close()


async def product_asks(
    url: str, agents: int, server: psutil.Process, valkey: psutil.Process, requests: int
) -> Measured:
    asker = Agent("asker", key="asker")
    host = await start_host(url, f"asker-{os.urandom(3).hex()}", asker)
    try:
        await _present(host, "echo", agents)
        names = sorted(endpoint.agent.id for endpoint in host.view.offering("echo"))
        turn = iter(range(10**9))

        async def ask() -> object:
            return await asker.ask(
                names[next(turn) % len(names)], "echo/1", BODY, deadline_seconds=60, retry_seconds=30
            )

        return await _repeat(ask, requests, CONCURRENCY, server, valkey)
    finally:
        await host.close()


async def bare_broadcasts(
    url: str, agents: int, server: psutil.Process, valkey: psutil.Process, calls: int
) -> Measured:
    client = bare.Client(connect(url), connect(url))
    try:
        await bare.wait_for_server(client, bare.CALLS)
        body = encode_body(BODY)
        return await _repeat(lambda: client.ask_all(bare.CALLS, body), calls, 8, server, valkey, times=agents)
    finally:
        await client.close()


async def product_broadcasts(
    url: str, agents: int, server: psutil.Process, valkey: psutil.Process, calls: int
) -> Measured:
    asker = Agent("asker", key="asker")
    host = await start_host(url, f"asker-{os.urandom(3).hex()}", asker)
    try:
        await _present(host, "echo", agents)

        async def call() -> None:
            gathered = await asker.gather("capability:echo", "ping/1", BODY, until=EVERYBODY, deadline_seconds=60)
            assert len(gathered.answers) == agents

        return await _repeat(call, calls, 8, server, valkey, times=agents)
    finally:
        await host.close()


async def votes(url: str, server: psutil.Process, valkey: psutil.Process, decisions: int) -> Measured:
    """Five of seven signed voices on each proposal, every signature checked."""
    asker = Agent("asker", key="asker")
    host = await start_host(url, f"asker-{os.urandom(3).hex()}", asker)
    try:
        await _present(host, "vote", 7)
        numbers = iter(range(10**9))

        async def decide() -> None:
            proposal = f"proposal {next(numbers)}"
            gathered = await asker.gather("capability:vote", VOTE, proposal, until=at_least(5), deadline_seconds=60)
            digest = keccak(text=proposal)
            good = [
                answer
                for answer in gathered.answers[:5]
                if recover_signer(digest, bytes.fromhex(answer.body)) == wallet_of(answer.sender)
            ]
            assert len(good) == 5

        return await _repeat(decide, decisions, 32, server, valkey)
    finally:
        await host.close()


async def directory(url: str, agents: int) -> tuple[float, float]:
    """Memory of a process with so many agents (MiB), and p99 of a discovery query (ms)."""
    asker = Agent("asker", key="asker")
    host = await start_host(url, f"asker-{os.urandom(3).hex()}", asker)
    try:
        await _present(host, "echo", agents)
        samples = []
        for _ in range(300):
            began = time.perf_counter()
            found = host.router.route(Query(capability="echo", max_latency_ms=1e6), "least-loaded")
            samples.append((time.perf_counter() - began) * 1000)
            assert len(found) == agents
        return psutil.Process().memory_info().rss / 2**20, statistics.quantiles(samples, n=100)[98]
    finally:
        await host.close()


async def _present(host: object, capability: str, count: int) -> None:
    async with asyncio.timeout(120):
        while len(host.view.offering(capability)) < count:  # type: ignore[attr-defined]
            await host.view.refresh()  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)


async def _repeat(
    act: Callable[[], Awaitable[object]],
    total: int,
    concurrency: int,
    server: psutil.Process,
    valkey: psutil.Process,
    times: int = 1,
) -> Measured:
    """Keep so many under way until all are done; the first tenth warms up and does not count."""
    latencies: list[float] = []
    left = iter(range(total))

    async def worker() -> None:
        for _ in left:
            began = time.perf_counter()
            await act()
            latencies.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(_few(act, max(total // 10 // concurrency, 1)) for _ in range(concurrency)))
    cpu = _cpu(server, valkey)
    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    seconds = time.perf_counter() - began
    cpu = _cpu(server, valkey) - cpu
    ordered = sorted(latencies)
    p99 = ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]
    return Measured(total * times / seconds, statistics.median(ordered), p99, cpu / (total * times) * 1000)


async def _few(act: Callable[[], Awaitable[object]], count: int) -> None:
    for _ in range(count):
        await act()


def _cpu(*others: psutil.Process) -> float:
    """CPU seconds of this process and the others."""
    return sum(sum(process.cpu_times()[:2]) for process in (psutil.Process(), *others))
