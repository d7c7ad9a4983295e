"""A host on this installation's message server: clients, directory, topics, queues, dead letters, session file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from agents_offchain.chain.addresses import Deployment
from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.host import Host
from agents_offchain.messaging.host.settings import HostSettings, Ports
from agents_offchain.messaging.protocols.sealing_keys import SealRing
from agents_offchain.messaging.protocols.session import Session, session_domain
from agents_offchain.messaging.protocols.signature import TypedDataSigner
from agents_offchain.messaging.routing.dead_letters import NoMorgue, SqlMorgue
from agents_offchain.messaging.routing.directory import ValkeyDirectory
from agents_offchain.messaging.stream_post import StreamPost
from agents_offchain.messaging.streams import StreamMailbox, open_client
from agents_offchain.storage.database import Database

QUEUE_GROUP = "workers"
QUEUE_RECOVERY_SECONDS = 10.0
"""Work that its worker has not touched for so long is given to another; hosts touch three times as often."""


@asynccontextmanager
async def message_host(
    redis_url: str,
    settings: HostSettings,
    deployment: Deployment,
    signer: TypedDataSigner,
    *agents: Agent,
    database: Database | None = None,
    session_file: Path | None = None,
) -> AsyncIterator[Host]:
    """A running host with these agents; it drains and leaves at the end.

    Args:
        database: Where dead letters are kept; None keeps none.
        session_file: Where the session is kept over restarts, the sealing keys beside it; None makes keys that end with
            the process.

    Raises:
        BusUnavailable: the message server does not answer.
    """
    client, reader = await open_client(redis_url), await open_client(redis_url)
    try:
        ports = Ports(
            post=StreamPost(client, settings.name, settings.name, reader=reader),
            topics=StreamMailbox(reader, settings.name, settings.name),
            queues=StreamMailbox(reader, QUEUE_GROUP, settings.name, recovery_idle_seconds=QUEUE_RECOVERY_SECONDS),
            directory=ValkeyDirectory(client),
            signer=signer,
            domain=session_domain(deployment.chain_id, deployment.address("AgentRegistry")),
            morgue=SqlMorgue(database) if database is not None else NoMorgue(),
        )
        session, ring = None, None
        if session_file is not None:
            session = Session.kept_in(session_file)
            ring = SealRing(session_file.with_name(session_file.name + ".seals"))
        host = Host(settings, ports, session, ring)
        await host.start(*agents)
        try:
            yield host
        finally:
            await host.close()
    finally:
        with suppress(BusUnavailable, OSError):
            await client.aclose()
            await reader.aclose()
