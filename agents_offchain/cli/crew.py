"""A few processes of a home under a supervisor of their own: beside a home that is up, or instead of one.

`aitbc agent run` works against the market of `aitbc up` or against a deployment elsewhere. In the first case a crew is
only the daemons asked for. In the second it is the home: it brings signer and artifact store with it, and holds the
home's lock, so that `aitbc status` and `aitbc down` find it as they find `aitbc up`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agents_offchain.cli.endpoints import Endpoints, last_port, load_endpoints, save_endpoints
from agents_offchain.cli.operate.home import HomeDown, is_up
from agents_offchain.cli.places import log_folder, make_private, run_files
from agents_offchain.cli.specs import artifacts, daemon_environment, served
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.child import OsSpawner
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import end_leftovers
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.ports import choose_port
from agents_offchain.runtime.supervisor.probes import SocketAccepts
from agents_offchain.runtime.supervisor.process_lock import CrewLock, ProcessLock
from agents_offchain.runtime.supervisor.spec import Spec, StepSpec
from agents_offchain.runtime.supervisor.state_file import ProcessState, StateFile, SupervisorState
from agents_offchain.runtime.supervisor.supervisor import Supervisor
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate

LOOPBACK = "127.0.0.1"
READY = "prepare"
"""Name of the step after which a crew's own daemons may start."""
Daemons = Callable[[Settings, Database, tuple[str, ...]], Sequence[Spec]]
"""The specs of the daemons asked for, from settings, database and what they need first."""


def crew_folders(settings: Settings) -> list[Path]:
    """Run files of every crew that a home has had beside it."""
    return sorted(path.parent for path in (run_files(settings) / "crews").glob("*/lock"))


class Crew:
    """Daemons of one home with what they need.

    Args:
        name: Of the crew, in the run files and in refusals.
        daemons: Makes the specs; none for a command that only signs and stores.
    """

    def __init__(
        self,
        settings: Settings,
        name: str,
        daemons: Daemons = lambda settings, database, needs: (),
        *,
        on_change: Callable[[ProcessState], None] = lambda state: None,
    ) -> None:
        self.is_beside = is_up(settings)
        self.settings = settings
        self._daemons = daemons
        self._on_change = on_change
        folder = run_files(settings) / "crews" / name if self.is_beside else run_files(settings)
        self._lock: ProcessLock = CrewLock(folder, name) if self.is_beside else HomeLock(folder)
        self._state_file = StateFile(folder)
        self._started_at = time.time()
        self._supervisor: Supervisor | None = None
        self.database = Database(settings.database())
        self.endpoints = Endpoints("", "", "", "")

    async def start(self) -> Endpoints:
        """Bring the crew up; where the home's parts answer.

        Raises:
            AlreadyRunning: there is such a crew already.
            HomeDown: no node can be asked.
            StartFailed: a process did not come up; everything is stopped again.
        """
        self.endpoints = self._find_endpoints()
        for folder in (self.settings.home, self.settings.run_dir):
            make_private(folder)
        self._lock.acquire()
        try:
            await asyncio.to_thread(self._clear_leftovers)
            spawner = OsSpawner(self._log_of, daemon_environment(self.settings, self.endpoints))
            specs = self._specs()
            self._supervisor = Supervisor(specs, spawner, log_folder(self.settings), on_change=self._note)
            await self._supervisor.start()
            if not self.is_beside:
                save_endpoints(self.settings, self.endpoints)
            self._write_state()
        except BaseException:
            await self.stop()
            raise
        return self.endpoints

    async def stop(self) -> None:
        """End the crew's processes and let go of its lock. Harmless when nothing runs."""
        if self._supervisor is not None:
            await self._supervisor.stop()
            self._supervisor = None
        await self.database.close()
        if self._lock.is_held:
            if not self.is_beside:
                shutil.rmtree(self.settings.run_dir, ignore_errors=True)
            self._state_file.remove()
            self._lock.release()

    def _specs(self) -> list[Spec]:
        if self.is_beside:
            return list(self._daemons(self.settings, self.database, ()))
        own: list[Spec] = [
            StepSpec(READY, self._migrate),
            served("signer", SocketAccepts(self.settings.signer_socket), needs=(READY,)),
            artifacts(self.settings, self.endpoints),
        ]
        return [*own, *self._daemons(self.settings, self.database, tuple(spec.name for spec in own))]

    async def _migrate(self) -> None:
        await migrate(self.settings.database())

    def _find_endpoints(self) -> Endpoints:
        if self.is_beside:
            return load_endpoints(self.settings)
        rpc = self.settings.rpc_url
        if not rpc:
            raise HomeDown(
                f"The home {self.settings.home} is not up, and AITBC_RPC_URL names no node.",
                mend="Start the local market with `aitbc up`, or set AITBC_RPC_URL to a node of the chain.",
            )
        url = self.settings.artifacts_url
        if not url:
            url = f"http://{LOOPBACK}:{choose_port(LOOPBACK, None, last_port(self.settings, 'artifacts'), '')}"
        return Endpoints(rpc, url, "", self.settings.redis_url)

    def _clear_leftovers(self) -> None:
        left = self._state_file.read()
        if left is not None:
            end_leftovers(left.processes)

    def _log_of(self, process: str) -> LogFile:
        return LogFile(log_folder(self.settings), process)

    def _note(self, state: ProcessState) -> None:
        self._write_state()
        self._on_change(state)

    def _write_state(self) -> None:
        processes = self._supervisor.states() if self._supervisor is not None else ()
        self._state_file.write(SupervisorState(os.getpid(), self._started_at, processes, self.endpoints.as_dict()))
