"""Hosts in one process: the product's own, on the memory twins of server and directory."""

from __future__ import annotations

import random
from typing import Any

from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.host import Host
from agents_offchain.messaging.host.settings import HostSettings, Ports
from agents_offchain.messaging.memory import MemoryBroker, MemoryMailbox
from agents_offchain.messaging.memory_post import MemoryExchange, MemoryPost
from agents_offchain.messaging.protocols.session import Session, session_domain
from agents_offchain.messaging.routing.directory import MemoryDirectory
from agents_offchain.primitives.clock import Clock, SystemClock
from tests.unit.messaging.key_ring import KeyRing

DOMAIN = session_domain(31337, b"\x11" * 20)
RING = KeyRing()


class World:
    """A server, a directory, and as many hosts as a test wants."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.exchange = MemoryExchange()
        self.broker = MemoryBroker()
        self.clock = clock or SystemClock()
        self.directory = MemoryDirectory(self.clock)
        self.hosts: list[Host] = []

    def make(self, name: str, *, session: Session | None = None, morgue: Any = None, **settings: Any) -> Host:
        """A host that is not started."""
        extra = {"morgue": morgue} if morgue is not None else {}
        ports = Ports(
            post=MemoryPost(self.exchange, name, name),
            topics=MemoryMailbox(self.broker, name, name, clock=self.clock),
            queues=MemoryMailbox(self.broker, "workers", name, clock=self.clock, recovery_idle_seconds=0.3),
            directory=self.directory,
            signer=RING,
            domain=DOMAIN,
            clock=self.clock,
            rng=random.Random(0),
            **extra,
        )
        wanted = {"refresh_seconds": 0.05, "lease_seconds": 0.6, **settings}
        host = Host(HostSettings(name, **wanted), ports, session)
        self.hosts.append(host)
        return host

    async def start(self, name: str, *agents: Agent, **settings: Any) -> Host:
        host = await self.make(name, **settings).start(*agents)
        for other in self.hosts:
            if other._tasks:
                await other.view.refresh()
        return host

    async def kill(self, host: Host) -> None:
        """As SIGKILL: nothing is said, nothing is acknowledged."""
        for task in host._tasks:
            task.cancel()
        for job in list(host.dispatch._running.values()):
            if job.task is not None:
                job.task.cancel()
        self.hosts.remove(host)

    async def close(self) -> None:
        for host in list(self.hosts):
            await host.close(drain_seconds=0.2)


def echo_agent(name: str = "echo", key: str | None = None) -> Agent:
    """Says what it is told, and who it is."""
    agent = Agent(name, capabilities=("echo",), key=key or name)

    @agent.on("echo/1")
    async def echo(context: Any, body: Any) -> Any:
        return {"by": agent.name, "said": body}

    return agent
