"""The HTTP API and the page, with the API's own host on the message server when there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvicorn

from agents_offchain.api.rest.access.tokens import secret_of
from agents_offchain.api.rest.agents.gateway import Gateway, HostGateway
from agents_offchain.api.rest.app import create_app
from agents_offchain.api.rest.deps import ApiDeps, PromiseTaker
from agents_offchain.chain.proxies.contract_wallet import ContractWallets
from agents_offchain.cli.bootstrap.cashier import home_till
from agents_offchain.cli.bootstrap.message_host import message_host
from agents_offchain.cli.bootstrap.surroundings import Surroundings, require_artifacts_url, surroundings
from agents_offchain.cli.places import page_folder
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.settings import HostSettings
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.payments.cashier import CHANNELS
from agents_offchain.storage.artifacts.client import KuboArtifactStore

log = structlog.get_logger(__name__)
GOODBYE_SECONDS = 2
"""How long open streams may take to end once the process is told to stop."""
GATEWAY = "gateway"


async def run_api(settings: Settings, port: int) -> int:
    """Serve until told to stop; without a built page, the API alone."""
    page = page_folder()
    async with surroundings(settings) as around, _gateway(settings, around) as gateway:
        app = create_app(
            ApiDeps(
                database=around.database,
                deployment=around.deployment,
                node=around.node,
                artifacts=KuboArtifactStore(require_artifacts_url(settings)),
                settings=settings,
                clock=around.clock,
                page_root=page if (page / "index.html").exists() else None,
                access_secret=secret_of(settings.home / "api" / "secret"),
                gateway=gateway,
                contract_wallets=ContractWallets(around.node),
                promises=_promises(settings, around),
            )
        )
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        await uvicorn.Server(config).serve()
    return 0


def _promises(settings: Settings, around: Surroundings) -> PromiseTaker | None:
    """Where vouchers, orders and signed hires are taken; nowhere on a market without PaymentChannels."""
    if CHANNELS not in around.deployment.contracts:
        return None
    return home_till(settings, around.node, around.database, around.deployment, around.clock).intake()


@asynccontextmanager
async def _gateway(settings: Settings, around: Surroundings) -> AsyncIterator[Gateway | None]:
    """The way to agents on the message server; the market is served without it too."""
    if not settings.redis_url:
        yield None
        return
    agent = Agent(GATEWAY, description="Sends for callers of the HTTP API.", key=GATEWAY)
    session_file = settings.home / "api" / "session"
    session_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    host = message_host(
        settings.redis_url,
        HostSettings("api"),
        around.deployment,
        around.signer,
        agent,
        database=around.database,
        session_file=session_file,
    )
    try:
        running = await host.__aenter__()
    except AitbcError as error:
        log.warning("gateway_closed", reason=error.message, mend=error.mend)
        yield None
        return
    try:
        yield HostGateway(running, agent)
    finally:
        await host.__aexit__(None, None, None)
