"""What a command needs that sends with keys of the home: node, database, deployment, signer, artifacts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from agents_offchain.chain.addresses import Deployment, load_deployment
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.node import Node
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.command_log import quiet_logs
from agents_offchain.cli.crew import Crew
from agents_offchain.cli.endpoints import Endpoints, load_endpoints
from agents_offchain.cli.operate.home import home_database, is_up
from agents_offchain.cli.places import log_folder
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.client import KuboArtifactStore
from agents_offchain.storage.database import Database


@dataclass(frozen=True)
class Connections:
    """A home that can sign and send."""

    settings: Settings
    endpoints: Endpoints
    node: Node
    database: Database
    deployment: Deployment

    @property
    def is_local(self) -> bool:
        """Whether this is the local chain, whose money is play money."""
        return self.deployment.chain_id == DEVNET_CHAIN_ID

    @property
    def signer(self) -> SignerClient:
        return SignerClient(self.settings.signer_socket)

    @property
    def artifacts(self) -> KuboArtifactStore:
        return KuboArtifactStore(self.endpoints.artifacts)

    def in_generation(self, number: int) -> Connections:
        """The same home at the contracts of one generation of its market."""
        return replace(self, deployment=self.deployment.of_generation(number))

    async def wallet(self, key: str) -> Wallet:
        """A key of the home, ready to send.

        Raises:
            SignerRefused: the signer has no such key.
        """
        wallet = Wallet(
            self.node,
            self.database,
            self.signer,
            key,
            self.deployment.chain_id,
            confirmations=self.settings.confirmations,
        )
        await wallet.setup()
        return wallet


@asynccontextmanager
async def connections(settings: Settings, command: str) -> AsyncIterator[Connections]:
    """Connect to a home; one that is not up gets a signer and an artifact store for as long as the command takes.

    Args:
        command: Its name, for those who look what runs in the home.

    Raises:
        HomeDown: the home is not up and AITBC_RPC_URL names no node.
        DeploymentMissing: the home knows no contracts.
        WrongChain: the node serves another chain than the contracts'.
    """
    quiet_logs(log_folder(settings) / "command.log")
    if is_up(settings):
        async with _opened(settings, load_endpoints(settings)) as opened:
            yield opened
        return
    crew = Crew(settings, command)
    endpoints = await crew.start()
    try:
        async with _opened(settings, endpoints) as opened:
            yield opened
    finally:
        await crew.stop()


@asynccontextmanager
async def _opened(settings: Settings, endpoints: Endpoints) -> AsyncIterator[Connections]:
    deployment = load_deployment(settings.deployment_file)
    node = Node(endpoints.rpc)
    try:
        await node.require_chain(deployment.chain_id)
        async with home_database(settings) as database:
            yield Connections(settings, endpoints, node, database, deployment)
    finally:
        await node.close()
