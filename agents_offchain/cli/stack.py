"""The whole product on this machine as one supervised set: lock, leftovers, continuity, start, stop.

In: settings and wishes about ports. Out: endpoints of a home that is up, with `endpoints.json`, the lock and the
state file telling others about it. Used by `aitbc up` and by `aitbc demo`, in the process that calls it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID, AnvilSpec, find_anvil
from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.devnet.errors import ForeignNode
from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.node import Node
from agents_offchain.cli import continuity
from agents_offchain.cli.continuity import HomeStale
from agents_offchain.cli.development import ensure_development_keys
from agents_offchain.cli.endpoints import Endpoints, last_port, save_endpoints
from agents_offchain.cli.market import MarketOpening, open_market
from agents_offchain.cli.places import (
    installation_root,
    key_folder,
    log_folder,
    make_private,
    passphrase_file,
    profile_file,
    run_files,
)
from agents_offchain.cli.roles import write_rules
from agents_offchain.cli.specs import Steps, daemon_environment, local_specs
from agents_offchain.messaging.embedded.valkey import ValkeySpec
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.profiles.profile import Profile, load_profile
from agents_offchain.runtime.supervisor.child import OsSpawner
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import end_leftovers
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.ports import choose_port, listens
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.runtime.supervisor.state_file import ProcessState, StateFile, SupervisorState
from agents_offchain.runtime.supervisor.supervisor import Supervisor
from agents_offchain.skills.manifest import read_checked, read_manifest
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate

LOOPBACK = "127.0.0.1"
"""Where chain and artifact store listen, wherever the page does: they are for this machine alone."""


@dataclass(frozen=True)
class StackWishes:
    """What the caller asks for beyond the settings; None is any free port."""

    page_port: int | None = None
    rpc_port: int | None = None
    is_fresh: bool = False


@dataclass(frozen=True)
class StackListener:
    """Who is told what happens."""

    on_change: Callable[[ProcessState], None] = lambda state: None
    on_notice: Callable[[str], None] = lambda text: None


def require_models(settings: Settings) -> None:
    """Look at every model file before anybody pays for work that needs it.

    Raises:
        ModelMissing: a file is not there; the mend says what prepares it.
        ModelDigestMismatch: a file is not the listed one.
    """
    for entry in read_manifest().values():
        read_checked(entry, settings.models)


class LocalStack:
    """One home, up or on its way there."""

    def __init__(self, settings: Settings, wishes: StackWishes, listener: StackListener) -> None:
        self.settings = settings
        self._wishes = wishes
        self._listener = listener
        self._lock = HomeLock(run_files(settings))
        self._state_file = StateFile(run_files(settings))
        self._started_at = time.time()
        self._database: Database | None = None
        self._node: Node | None = None
        self._supervisor: Supervisor | None = None
        self._is_open = False
        self.is_new_chain = False
        self.market: MarketOpening | None = None
        self.agent: Profile
        self.endpoints = Endpoints("", "", "", "")

    async def start(self) -> Endpoints:
        """Bring the home up.

        Raises:
            AlreadyRunning: another supervisor has the home, or another process its agent.
            PortTaken: a port that was asked for is in use.
            StartFailed: a process did not come up; everything is stopped again.
        """
        for folder in (self.settings.home, self.settings.run_dir):
            make_private(folder)
        self._lock.acquire()
        try:
            await asyncio.to_thread(self._clear_leftovers)
            self.agent = load_profile(profile_file(self.settings))
            DaemonLock(run_files(self.settings), self.agent.daemon_name, self.agent.title).require_free()
            if self._wishes.is_fresh:
                continuity.forget(self.settings, with_artifacts=True)
            return await self._start_or_afresh()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every process of the home and let go of it. Harmless when nothing runs."""
        if self._supervisor is not None:
            await self._supervisor.stop()
            self._supervisor = None
        if self._node is not None:
            await self._node.close()
            self._node = None
        if self._database is not None:
            await self._database.close()
            self._database = None
        if self._lock.is_held:
            shutil.rmtree(self.settings.run_dir, ignore_errors=True)
            self._state_file.remove()
            self._lock.release()

    @property
    def node(self) -> Node:
        assert self._node is not None
        return self._node

    @property
    def database(self) -> Database:
        assert self._database is not None
        return self._database

    def processes(self) -> tuple[ProcessState, ...]:
        return () if self._supervisor is None else self._supervisor.states()

    def log_of(self, process: str) -> LogFile:
        return LogFile(log_folder(self.settings), process)

    async def _start_or_afresh(self) -> Endpoints:
        try:
            return await self._start_once()
        except HomeStale as stale:
            if stale.mend:
                raise
            self._listener.on_notice(stale.message)
        await self._drop()
        continuity.forget(self.settings, with_artifacts=False)
        return await self._start_once()

    async def _start_once(self) -> Endpoints:
        anvil = self._prepare_anvil()
        valkey = self._prepare_valkey()
        self.endpoints = self._choose_endpoints(anvil, valkey)
        self._node = Node(self.endpoints.rpc)
        self._database = Database(self.settings.database())
        spawner = OsSpawner(self.log_of, daemon_environment(self.settings, self.endpoints))
        specs = local_specs(
            self.settings, self.endpoints, anvil, valkey, self._database, self._steps(anvil), self.agent
        )
        self._supervisor = Supervisor(specs, spawner, log_folder(self.settings), on_change=self._note)
        await self._supervisor.start()
        self._announce()
        return self.endpoints

    async def _drop(self) -> None:
        """Stop what a first attempt started, keeping the lock."""
        if self._supervisor is not None:
            await self._supervisor.stop()
        if self._node is not None:
            await self._node.close()
        if self._database is not None:
            await self._database.close()
        self._supervisor, self._node, self._database, self._is_open = None, None, None, False

    def _clear_leftovers(self) -> None:
        left = self._state_file.read()
        ended = end_leftovers(left.processes) if left is not None else []
        if ended:
            self._listener.on_notice(f"Ended what an earlier run left behind: {', '.join(ended)}.")

    def _prepare_anvil(self) -> AnvilSpec | None:
        """The local chain of this home; None when AITBC_RPC_URL names another local chain."""
        if self.settings.rpc_url:
            return None
        port = choose_port(LOOPBACK, self._wishes.rpc_port, last_port(self.settings, "rpc"), "--rpc-port")
        anvil = AnvilSpec(find_anvil(installation_root()), continuity.chain_folder(self.settings), port)
        if notice := continuity.judge_files(self.settings, state_file=anvil.state_file):
            self._listener.on_notice(notice)
        self.is_new_chain = not anvil.state_file.exists()
        anvil.prepare()
        return anvil

    def _prepare_valkey(self) -> ValkeySpec | None:
        if self.settings.redis_url:
            return None
        valkey = ValkeySpec(continuity.valkey_folder(self.settings), self.settings.valkey_socket)
        valkey.prepare()
        return valkey

    def _choose_endpoints(self, anvil: AnvilSpec | None, valkey: ValkeySpec | None) -> Endpoints:
        host = self.settings.host
        page = choose_port(host, self._wishes.page_port, last_port(self.settings, "page"), "--port")
        artifacts = self.settings.artifacts_url
        if not artifacts:
            artifacts = f"http://{LOOPBACK}:{choose_port(LOOPBACK, None, last_port(self.settings, 'artifacts'), '')}"
        redis = valkey.url if valkey is not None else self.settings.redis_url
        language = ""
        if self.settings.language_server:
            language = f"http://{LOOPBACK}:{choose_port(LOOPBACK, None, last_port(self.settings, 'language'), '')}"
        rpc = anvil.url if anvil else self.settings.rpc_url
        return Endpoints(rpc, artifacts, f"http://{host}:{page}", redis, language)

    def _steps(self, anvil: AnvilSpec | None) -> Steps:
        control = ChainControl(self.node, SystemClock())
        keeps_clock = anvil is not None

        async def prepare() -> None:
            await asyncio.to_thread(require_models, self.settings)
            await asyncio.to_thread(self._prepare_keys)

        async def chain_ready(pid: int) -> bool:
            return await self._is_our_chain(pid, anvil.port if anvil else 0)

        async def after_chain(_pid: int) -> None:
            await control.keep_time_forward()
            if self._is_open:  # started again under running daemons; at first, the market opens without waiting
                await control.start_block_clock()

        async def migrate_database() -> None:
            continuity.require_same_chain(self.settings, await control.anchor_hash())
            await migrate(self.settings.database())

        async def open_the_market() -> None:
            self.market = await open_market(self.settings, self.node, self.endpoints.artifacts, control)
            if keeps_clock:
                await control.start_block_clock()
            self._is_open = True

        return Steps(prepare, migrate_database, open_the_market, control.require_local, chain_ready, after_chain)

    def _prepare_keys(self) -> None:
        """Keys of this home, and what they may sign."""
        write_rules(self.settings, ensure_development_keys(key_folder(self.settings), passphrase_file(self.settings)))

    async def _is_our_chain(self, pid: int, port: int) -> bool:
        """The node answers, and it is the process we started that listens there."""
        try:
            await self.node.require_chain(DEVNET_CHAIN_ID)
        except NodeUnavailable:
            return False
        if not listens(pid, port):
            raise ForeignNode(
                f"Another process answers on port {port}, where the local chain should.",
                mend="Choose another port with --rpc-port.",
            )
        return True

    def _note(self, state: ProcessState) -> None:
        self._write_state()
        self._listener.on_change(state)

    def _write_state(self) -> None:
        self._state_file.write(
            SupervisorState(os.getpid(), self._started_at, self.processes(), self.endpoints.as_dict())
        )

    def _announce(self) -> None:
        """Tell others where things answer."""
        save_endpoints(self.settings, self.endpoints)
        self._write_state()
        self._lock.describe({"pid": os.getpid(), "page": self.endpoints.page})
