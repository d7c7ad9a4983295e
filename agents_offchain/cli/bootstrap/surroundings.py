"""What every daemon stands on: node, database, deployment, clock, wake-up; opened once and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agents_offchain.chain.addresses import Deployment, load_deployment
from agents_offchain.chain.node import Node
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.wakeup import Wakeup
from agents_offchain.cli.places import health_folder, run_files
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.daemon import Daemon, run_daemon
from agents_offchain.runtime.health import HealthFile
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.storage.database import Database


@dataclass(frozen=True)
class Surroundings:
    """Connections of one daemon."""

    settings: Settings
    node: Node
    database: Database
    deployment: Deployment
    signer: SignerClient
    wakeup: Wakeup
    clock: Clock

    async def run(self, daemon: Daemon, title: str = "") -> int:
        """The daemon's loop until it is told to stop; the exit code.

        Args:
            title: Whose duty it is, in the sentence that refuses a second process of the same name.

        Raises:
            AlreadyRunning: another process of this home has the daemon's rows.
        """
        lock = DaemonLock(run_files(self.settings), daemon.name, title or f"The daemon {daemon.name}")
        lock.acquire()
        try:
            self.wakeup.start()
            health = HealthFile(health_folder(self.settings), daemon.name)
            return await run_daemon(daemon, self.wakeup, self.database, self.clock, health)
        finally:
            lock.release()


@asynccontextmanager
async def surroundings(settings: Settings) -> AsyncIterator[Surroundings]:
    """Open what a daemon needs.

    Raises:
        SettingsInvalid: there is no node's URL.
        DeploymentMissing: the home has no deployment file.
    """
    if not settings.rpc_url:
        raise SettingsInvalid("AITBC_RPC_URL is not set.", mend="Set it to the node's URL, or use `aitbc up`.")
    deployment = load_deployment(settings.deployment_file)
    node, database = Node(settings.rpc_url), Database(settings.database())
    wakeup = Wakeup(settings.rpc_url, settings.poll_seconds)
    signer = SignerClient(settings.signer_socket)
    try:
        yield Surroundings(settings, node, database, deployment, signer, wakeup, SystemClock())
    finally:
        await wakeup.close()
        await node.close()
        await database.close()


def require_artifacts_url(settings: Settings) -> str:
    """Raises SettingsInvalid when no artifact store is named."""
    if not settings.artifacts_url:
        raise SettingsInvalid(
            "AITBC_ARTIFACTS_URL is not set.", mend="Set it to the artifact store's URL, or use `aitbc up`."
        )
    return settings.artifacts_url
