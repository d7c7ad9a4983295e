"""`aitbc agents` and `aitbc ask`: who can be talked to, and talking to them."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from typing import Any

from agents_offchain.api.rest.agents.directory import DirectoryAgentOut, list_agents
from agents_offchain.api.rest.agents.gateway import HostGateway
from agents_offchain.api.rest.agents.visitors import Visitors
from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.bootstrap.message_host import message_host
from agents_offchain.cli.console import Console
from agents_offchain.cli.endpoints import load_endpoints
from agents_offchain.cli.operate.home import HomeDown, home_database, is_up, show_table
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.settings import HostSettings
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings

CLIENT_KEY = "client"
MOST_SHOWN = 1_000


class BodyInvalid(Refused):
    """The body of a question is not JSON."""


@dataclass(frozen=True)
class Question:
    """What is asked of whom; `body` is JSON text."""

    target: str
    kind: str
    body: str
    seconds: float
    policy: str
    is_sealed: bool


def run_agents(settings: Settings, console: Console, capability: str | None) -> int:
    return asyncio.run(_agents(settings, console, capability))


def run_ask(settings: Settings, console: Console, question: Question) -> int:
    return asyncio.run(_ask(settings, console, question))


async def _agents(settings: Settings, console: Console, capability: str | None) -> int:
    agent = Agent(f"console-{os.getpid()}", key=CLIENT_KEY)
    async with (
        message_host(*_place(settings), agent) as host,
        home_database(settings) as database,
    ):
        visitors = Visitors(database, SystemClock())
        page = await list_agents(HostGateway(host, agent), visitors, capability=capability, after="", limit=MOST_SHOWN)
    console.document(page.model_dump(mode="json"))
    heads = ("agent", "can", "where", "load", "ms")
    show_table(console, heads, [_row(item) for item in page.items], empty="Nobody is there.")
    return 0


async def _ask(settings: Settings, console: Console, question: Question) -> int:
    try:
        body = json.loads(question.body)
    except ValueError as error:
        raise BodyInvalid(f"The body is not JSON: {error}.", mend='Quote it, such as \'{"text": "hello"}\'.') from error
    agent = Agent(f"console-{os.getpid()}", key=CLIENT_KEY)
    async with message_host(*_place(settings), agent):
        answer = await agent.ask(
            question.target,
            question.kind,
            body,
            deadline_seconds=question.seconds,
            policy=question.policy,
            sealed=question.is_sealed,
        )
    console.document({"answer": answer})
    console.line(answer if isinstance(answer, str) else json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def _place(settings: Settings) -> tuple[str, HostSettings, Any, SignerClient]:
    """Where a home's message server is, and a host's name for one command."""
    redis_url = settings.redis_url or (load_endpoints(settings).redis if is_up(settings) else "")
    if not redis_url:
        raise HomeDown("No message server can be asked: the home is not up.", mend="Start it with `aitbc up`.")
    name = f"console-{os.getpid()}"
    return (
        redis_url,
        HostSettings(name),
        load_deployment(settings.deployment_file),
        SignerClient(settings.signer_socket),
    )


def _row(item: DirectoryAgentOut) -> tuple[Any, ...]:
    where = "by HTTP" if item.is_visiting else " ".join(endpoint.host for endpoint in item.endpoints)
    load = max((endpoint.load for endpoint in item.endpoints), default=0.0)
    latency = min((endpoint.latency_ms for endpoint in item.endpoints), default=0.0)
    return item.agent_id, " ".join(offer.name for offer in item.capabilities), where, f"{load:.2f}", f"{latency:.1f}"
