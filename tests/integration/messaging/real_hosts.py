"""The product's hosts on a real server, in this process."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.host import Host, end_tasks
from agents_offchain.messaging.host.settings import HostSettings, Ports
from agents_offchain.messaging.protocols.session import Session
from agents_offchain.messaging.routing.dead_letters import Morgue, NoMorgue
from agents_offchain.messaging.routing.directory import ValkeyDirectory
from agents_offchain.messaging.stream_post import StreamPost
from agents_offchain.messaging.streams import Client, StreamMailbox, open_client
from tests.unit.messaging.host_world import DOMAIN, RING

GROUP = "workers"
RECOVERY_SECONDS = 1.0
"""After so long without a sign of life a worker's jobs are another's."""


class RealHost:
    """One host with clients of its own; `stop` is what SIGKILL leaves behind."""

    def __init__(self, host: Host, clients: list[Client]) -> None:
        self.host = host
        self._clients = clients

    @classmethod
    async def start(
        cls,
        url: str,
        name: str,
        *agents: Agent,
        session: Session | None = None,
        morgue: Morgue | None = None,
        **settings: Any,
    ) -> RealHost:
        client = await open_client(url)
        reader = await open_client(url)
        ports = Ports(
            post=StreamPost(client, name, name, reader=reader),
            topics=StreamMailbox(client, name, name),
            queues=StreamMailbox(client, GROUP, name, recovery_idle_seconds=RECOVERY_SECONDS),
            directory=ValkeyDirectory(client),
            signer=RING,
            domain=DOMAIN,
            morgue=morgue or NoMorgue(),
        )
        host = Host(HostSettings(name, **{"refresh_seconds": 0.1, "lease_seconds": 2.0, **settings}), ports, session)
        await host.start(*agents)
        return cls(host, [client, reader])

    async def stop(self) -> None:
        await end_tasks(self.host._tasks)
        await self.host.dispatch.close()
        await self._disconnect()

    async def close(self) -> None:
        await self.host.close(drain_seconds=1.0)
        await self._disconnect()

    async def _disconnect(self) -> None:
        for client in self._clients:
            with suppress(BusUnavailable, Exception):
                await client.aclose()
