"""A whole market of real processes whose every part a test can kill, hold, cut off and start again.

Chain, message server, signer, artifact store and daemons are processes of their own; the daemons reach the chain
through a provider (`proxy.py`). Blocks come only while the test waits for a fact, so that a story takes as long as
its facts and not as long as a clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import structlog

from agents_offchain.chain.addresses import Deployment, load_deployment
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID, find_anvil
from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.node import Node
from agents_offchain.chain.signer.keystore import create_key
from agents_offchain.cli.development import ensure_development_keys, read_passphrase
from agents_offchain.cli.development_policy import ensure_development_policy
from agents_offchain.cli.market import MarketOpening, open_market
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.messaging.embedded.valkey import ValkeySpec
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.database import Database
from agents_offchain.storage.heartbeats import list_heartbeats
from agents_offchain.storage.migrate import migrate
from tests.faults.boundaries import ROOT
from tests.faults.forked import Forked
from tests.faults.proxy import Provider
from tests.integration.devnet import free_port

ROLES: dict[str, tuple[str, ...]] = {
    "agent": ("agent",),
    "indexer": ("indexer",),
    "reporter-1": ("reporter", "--number", "1"),
    "reporter-2": ("reporter", "--number", "2"),
    "reporter-3": ("reporter", "--number", "3"),
    "publisher": ("publisher",),
}
"""Daemons by name, and what `serve` is told."""
SIGNER, CASHIER = "signer", "cashier"
JURORS = ("juror-1", "juror-2", "juror-3")
LENT_KEYS = {CASHIER: CASHIER, **dict.fromkeys(JURORS, "juror")}
"""Keys beside those of development, and the role of each."""
STARTS = {**ROLES, SIGNER: (SIGNER,), **{name: (role, "--key", name) for name, role in LENT_KEYS.items()}}
"""Everything that is killed and started again by name."""
BLOCK_EVERY_SECONDS = 0.15
LEASE_SECONDS = 4.0
LOOK_SECONDS = 0.5
"""Between two looks of who takes part in a dispute."""
PATIENCE_SECONDS = 240.0
"""For a fact, on a machine that does ten other things; a quiet one needs seconds."""
STATES_KEPT = 10_000
"""Of past blocks, in anvil's memory. By itself it keeps 500 and writes others to disk, from where a reorganisation of a
chain of some thousand blocks brings an empty state back: every contract is gone for good."""
LAST_WORDS = 600
"""Characters of a log that are shown of a process that ended as it should not."""
PROFILE = """[agent]
name = "Echo"
description = "Answers with the digest of what it was sent."
[[services]]
type = "echo-digest"
price = "1.50"
[limits]
concurrency = 2
"""


class NeverCame(AssertionError):
    """A fact that the story waits for did not come to be."""


class House:
    """One home with its processes.

    Args:
        folder: Empty; everything lies in it.
        database_url: Of an empty database; SQLite in the home when absent.
        is_forked: Processes start by a fork, which is quick; else as the supervisor starts them, which is what
            memory is measured of.
        gas_limit: Of a block; more of it holds more jobs.
    """

    def __init__(
        self, folder: Path, database_url: str = "", *, is_forked: bool = True, gas_limit: int = 30_000_000
    ) -> None:
        self._is_forked = is_forked
        self._gas_limit = gas_limit
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        self.folder = folder
        self.profile = folder / "echo.toml"
        self.profile.write_text(PROFILE)
        self.home = folder / "h"
        self.settings = Settings(home=self.home, profile=self.profile, database_url=database_url)
        self.provider = Provider(free_port())
        self.artifacts_url = f"http://127.0.0.1:{free_port()}"
        self.valkey = ValkeySpec(folder / "valkey", self.settings.valkey_socket)
        self.processes: dict[str, Forked | subprocess.Popen[bytes]] = {}
        self.slowness: Mapping[str, str] = {}
        self.is_mining = True
        self._mined_at = 0.0

    async def open(self) -> None:
        """Start everything but the daemons, deploy, register the agent and its listing."""
        self.settings.run_dir.mkdir(mode=0o700, parents=True)
        folder = key_folder(self.settings)
        keys = ensure_development_keys(folder, passphrase_file(self.settings))
        passphrase = read_passphrase(passphrase_file(self.settings))
        for name in LENT_KEYS:
            keys[name] = create_key(folder, name, passphrase, development_chain_id=DEVNET_CHAIN_ID)
        ensure_development_policy(folder, keys, LENT_KEYS)
        self.node = Node(f"http://127.0.0.1:{self.provider.node_port}")
        self.database = Database(self.settings.database())
        self._start_chain()
        self.start_valkey()
        self.start_daemon(SIGNER)
        self.start_artifacts()
        await migrate(self.settings.database())
        await self.provider.start()
        await self.until(self.stands, "the chain, the signer and the artifact store answer", is_mining=False)
        control = ChainControl(self.node, SystemClock())
        self.market: MarketOpening = await open_market(self.settings, self.node, self.artifacts_url, control)
        self.deployment: Deployment = load_deployment(self.settings.deployment_file)
        for name in LENT_KEYS:
            await self.node.request("anvil_setBalance", "0x" + keys[name].hex(), hex(10**21))
        await self.node.request("evm_setAutomine", False)

    async def stands(self) -> bool:
        """The chain, the signer and the artifact store answer."""
        _, writer = await asyncio.open_unix_connection(str(self.settings.signer_socket))
        writer.close()
        _, writer = await asyncio.open_connection("127.0.0.1", int(self.artifacts_url.rpartition(":")[2]))
        writer.close()
        return await self.node.chain_id() == DEVNET_CHAIN_ID

    async def close(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
            process.kill()
        for process in self.processes.values():
            process.wait(timeout=10)
        await self.provider.stop()
        await self.database.close()
        await self.node.close()

    # --- processes

    def _start_chain(self) -> None:
        port = self.provider.node_port
        argv = [str(find_anvil(ROOT)), "--port", str(port), "--chain-id", str(DEVNET_CHAIN_ID), "--quiet"]
        argv += ["--gas-limit", str(self._gas_limit), "--prune-history", str(STATES_KEPT)]
        self._spawn("anvil", argv)

    def start_valkey(self) -> None:
        self.valkey.prepare()
        self._spawn("valkey", self.valkey.argv())

    def start_artifacts(self) -> None:
        self.start("artifacts", "artifacts", "--port", self.artifacts_url.rpartition(":")[2])

    def start_daemon(self, name: str, *, as_name: str = "", **settings: str) -> None:
        """Start one of `STARTS`; `settings` are environment variables."""
        slow = {"FAULTS_SLOW": self.slowness[name]} if name in self.slowness else {}
        self.start(as_name or name, *STARTS[name], **slow, **settings)

    async def start_all(self, names: Collection[str] = tuple(ROLES)) -> None:
        """Start those of these daemons that do not run, and wait for the first word of each."""
        for name in names:
            if name not in self.processes or not self.is_alive(name):
                self.start_daemon(name)

        async def have_spoken() -> bool:
            return len(await list_heartbeats(self.database)) >= len(names)

        await self.until(have_spoken, "every daemon gives a sign of life")

    def start(self, name: str, *argv: str, **settings: str) -> None:
        environment = self._environment(settings)
        if self._is_forked:
            self.processes[name] = Forked(list(argv), environment, self._log(name))
        else:
            self._spawn(name, [sys.executable, "-m", "tests.faults.mortal", *argv], environment)

    def _spawn(self, name: str, argv: list[str], environment: dict[str, str] | None = None) -> None:
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AITBC_")}
        return environment | {
            "AITBC_HOME": str(self.home),
            "AITBC_PROFILE": str(self.profile),
            "AITBC_RPC_URL": self.provider.url,
            "AITBC_ARTIFACTS_URL": self.artifacts_url,
            "AITBC_REDIS_URL": self.valkey.url,
            "AITBC_DATABASE_URL": self.settings.database(),
            "AITBC_JUROR_VOTES": "re-execution",
            "FAULTS_LEASE_SECONDS": str(LEASE_SECONDS),
            "FAULTS_LOOK_SECONDS": str(LOOK_SECONDS),
            "PYTHONUNBUFFERED": "1",
            **settings,
        }

    def is_alive(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def kill(self, name: str) -> None:
        """SIGKILL; it is gone when this returns."""
        self.processes[name].kill()
        self.processes[name].wait(timeout=10)

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        return self._log(name).read_text(errors="replace")[-LAST_WORDS:]

    def hold(self, name: str) -> None:
        """SIGSTOP: it is there and does nothing."""
        os.kill(self.processes[name].pid, signal.SIGSTOP)

    def release(self, name: str) -> None:
        os.kill(self.processes[name].pid, signal.SIGCONT)

    # --- facts

    async def until(
        self,
        fact: Callable[[], Awaitable[Any]],
        what: str,
        *,
        seconds: float = PATIENCE_SECONDS,
        is_mining: bool = True,
    ) -> Any:
        """Wait for a fact while blocks come; its value. What cannot be asked now is asked again.

        Raises:
            NeverCame: not in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(AitbcError, OSError):
                if found := await fact():
                    return found
            if time.monotonic() > deadline:
                raise NeverCame(f"Not within {seconds:g} s: {what}.")
            if is_mining and self.is_mining and time.monotonic() - self._mined_at > BLOCK_EVERY_SECONDS:
                self._mined_at = time.monotonic()
                with contextlib.suppress(AitbcError):
                    await self.mine()
            await asyncio.sleep(0.03)

    async def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            await self.node.request("evm_mine")

    async def pass_time(self, seconds: int) -> None:
        """Move the chain's clock ahead and mine a block at the new time."""
        await self.node.request("evm_increaseTime", seconds)
        await self.mine()

    async def reorganise(self, depth: int) -> None:
        """Replace the newest `depth` blocks by as many empty ones; their transactions are forgotten."""
        await self.node.request("anvil_reorg", depth, [])
