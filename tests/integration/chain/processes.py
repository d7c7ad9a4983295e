"""Real processes of a story: the signer as the product starts it, and a sender that can be shot at any point."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.chain.node import Node
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.primitives.errors import Retryable
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Outbox
from tests.fakes.crash import Crash, Mortal, MortalDatabase

KEY = "client"
_SPAWNING = multiprocessing.get_context("forkserver")
_SPAWNING.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class SenderPlace:
    """Where a sender process works; plain values, since they travel to another process."""

    database_url: str
    rpc_url: str
    signer_socket: Path
    chain_id: int = 31337
    confirmations: int = 1


@contextlib.contextmanager
def signer_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m agents_offchain.cli.serve signer` for the keys of a home."""
    environment = {**os.environ, "AITBC_HOME": str(settings.home), "XDG_RUNTIME_DIR": str(settings.run_dir.parent)}
    command = [sys.executable, "-m", "agents_offchain.cli.serve", "signer"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=10)


async def until_signing(client: SignerClient) -> bytes:
    """Wait for the signer to answer; the key's address."""
    while True:
        with contextlib.suppress(Retryable):
            return await client.address(KEY)
        await asyncio.sleep(0.02)


class Shot(Crash):
    """A crash that is real: at the chosen boundary the process kills itself with SIGKILL."""

    def __init__(self, label: str | None, record: Path) -> None:
        super().__init__(None)
        self._label, self._record = label, record

    def cross(self, where: str) -> None:
        with self._record.open("a") as file:
            file.write(where + "\n")
        if where == self._label:
            os.kill(os.getpid(), signal.SIGKILL)


def send_all(place: SenderPlace, label: str | None, record: Path) -> Any:
    """Run a sender in a process of its own until nothing is open, or until it is shot; its exit code."""
    process = _SPAWNING.Process(target=_send_all, args=(place, label, record))
    process.start()
    return process


def _send_all(place: SenderPlace, label: str | None, record: Path) -> None:
    asyncio.run(_send(place, Shot(label, record)))


async def _send(place: SenderPlace, crash: Crash) -> None:
    database = MortalDatabase(Database(place.database_url), crash)
    node: Any = Mortal(Node(place.rpc_url), crash, "node")
    signer: Any = Mortal(SignerClient(place.signer_socket), crash, "signer")
    sender = Sender(node, database, signer, KEY, place.chain_id, abis=(), confirmations=place.confirmations)
    await sender.setup()
    outbox = Outbox(database, sender.lane)
    while await outbox.count_open():
        with contextlib.suppress(Retryable):
            await sender.step()
        await asyncio.sleep(0.02)
    await node.close()
    await database.close()
