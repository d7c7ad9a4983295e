"""The other process: `python -m tools.messaging_bench.served <bare|calls|agents|voters> <redis url> <agents>`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvloop
from eth_utils.crypto import keccak

from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.host import Host
from agents_offchain.messaging.host.settings import HostSettings, Ports
from agents_offchain.messaging.routing.directory import ValkeyDirectory
from agents_offchain.messaging.routing.quota import Quota
from agents_offchain.messaging.stream_post import StreamPost
from agents_offchain.messaging.streams import StreamMailbox, connect, open_client
from tests.unit.messaging.host_world import DOMAIN, RING
from tools.messaging_bench import bare

VOTE = "vote/1"


async def start_host(url: str, name: str, *agents: Agent) -> Host:
    """A host of the product, as `cli.bootstrap.message_host` wires it, with keys in memory."""
    client, reader = await open_client(url), await open_client(url)
    ports = Ports(
        post=StreamPost(client, name, name, reader=reader),
        topics=StreamMailbox(reader, name, name),
        queues=StreamMailbox(reader, "workers", name),
        directory=ValkeyDirectory(client),
        signer=RING,
        domain=DOMAIN,
    )
    settings = HostSettings(name, quota=Quota(per_second=1e9, burst=10**9))
    return await Host(settings, ports).start(*agents)


def echo(name: str) -> Agent:
    agent = Agent(name, capabilities=("echo",), key="bench")

    @agent.on("echo/1")
    def answer(context: Any, body: Any) -> Any:
        return body

    @agent.on("ping/1")
    def ping(context: Any, body: Any) -> Any:
        return 1

    return agent


def voter(name: str) -> Agent:
    """Signs what it is asked with its own wallet."""
    agent, secret = Agent(name, capabilities=("vote",), key=name), RING._secret(name)

    @agent.on(VOTE)
    def vote(context: Any, body: Any) -> str:
        signature = secret.sign_recoverable(keccak(text=body), hasher=None)
        return (signature[:64] + bytes([signature[64] + 27])).hex()

    return agent


async def main(kind: str, url: str, count: int) -> None:
    if kind == "bare":
        await bare.serve(connect(url), connect(url))
    elif kind == "calls":
        await bare.serve_broadcasts(connect(url), connect(url), count)
    else:
        make = voter if kind == "voters" else echo
        host = await start_host(url, f"{kind}-{count}", *(make(f"agent-{number}") for number in range(count)))
        await asyncio.Event().wait()
        await host.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
