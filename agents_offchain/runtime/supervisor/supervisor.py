"""Starts a set of processes and steps in the order of their needs, keeps them up, and ends them in reverse.

Specs without a need between them start side by side. `start()` either has everything ready or has ended
everything again and says which process or step was at fault, with the last lines of its log.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.runtime.supervisor.child import Spawner
from agents_offchain.runtime.supervisor.errors import StartFailed
from agents_offchain.runtime.supervisor.keeper import Keeper
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.scaler import Scaler
from agents_offchain.runtime.supervisor.spec import ProcessSpec, ScaledSpec, Spec, StepSpec, order_specs
from agents_offchain.runtime.supervisor.state_file import ProcessState

log = structlog.get_logger(__name__)
LOG_LINES_IN_ERRORS = 12
ROTATE_SECONDS = 10.0
SCALE_SECONDS = 2.0

OnChange = Callable[[ProcessState], None]


class Supervisor:
    """A running set of specs.

    Args:
        logs: Folder of the log files, one per process.
        on_change: Told of every change of a process or step, for display and the state file.
    """

    def __init__(
        self,
        specs: Sequence[Spec],
        spawner: Spawner,
        logs: Path,
        *,
        clock: Clock | None = None,
        on_change: OnChange = lambda state: None,
    ) -> None:
        self._specs = order_specs(specs)
        self._logs = logs
        self._clock = clock or SystemClock()
        self._on_change = on_change
        self._keepers = {
            spec.name: Keeper(spec, spawner, self._clock, on_change)
            for spec in self._specs
            if isinstance(spec, ProcessSpec)
        }
        self._scalers = {
            spec.name: Scaler(spec, spawner, self._clock, on_change)
            for spec in self._specs
            if isinstance(spec, ScaledSpec)
        }
        self._chores: asyncio.Task[None] | None = None
        self._scaling: dict[str, asyncio.Task[None]] = {}

    def log_of(self, process: str) -> LogFile:
        return LogFile(self._logs, process)

    def states(self) -> tuple[ProcessState, ...]:
        """The processes in start order."""
        scaled = [state for scaler in self._scalers.values() for state in scaler.states()]
        return (*(keeper.state for keeper in self._keepers.values()), *scaled)

    async def start(self) -> None:
        """Bring everything up.

        Raises:
            StartFailed: a process did not become ready; all others are stopped again.
            AitbcError: a step's own error, with everything stopped again.
        """
        self._chores = asyncio.create_task(self._do_chores())
        ready = {spec.name: asyncio.Event() for spec in self._specs}
        tasks = [asyncio.create_task(self._bring_up(spec, ready), name=spec.name) for spec in self._specs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in tasks:
                if task in done and task.exception() is not None:
                    raise task.exception()  # type: ignore[misc]
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all processes, those that need others before those they need."""
        if self._chores is not None:
            self._chores.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._chores
            self._chores = None
        stopped = {spec.name: asyncio.Event() for spec in self._specs}
        await asyncio.gather(*(self._take_down(spec, stopped) for spec in self._specs))

    async def _bring_up(self, spec: Spec, ready: dict[str, asyncio.Event]) -> None:
        for need in spec.needs:
            await ready[need].wait()
        if isinstance(spec, StepSpec):
            await self._run_step(spec)
        elif isinstance(spec, ScaledSpec):
            self._scaling[spec.name] = asyncio.create_task(self._follow_backlog(self._scalers[spec.name]))
        elif not await self._keepers[spec.name].start():
            raise self._start_failed(spec)
        ready[spec.name].set()

    async def _run_step(self, spec: StepSpec) -> None:
        began = self._clock.now_seconds()
        self._on_change(ProcessState(spec.name, "starting", since=began))
        try:
            await spec.run()
        except AitbcError as error:
            self._on_change(ProcessState(spec.name, "failed", since=began, detail=error.message))
            raise
        self._on_change(ProcessState(spec.name, "done", since=self._clock.now_seconds()))

    def _start_failed(self, spec: ProcessSpec) -> StartFailed:
        keeper, file = self._keepers[spec.name], self.log_of(spec.name)
        return StartFailed(
            f"The process {spec.name} {keeper.state.detail}.",
            mend=f"Its log is {file.path}; `aitbc doctor` looks for the usual causes.",
            process=spec.name,
            log_tail=file.tail(LOG_LINES_IN_ERRORS),
        )

    async def _take_down(self, spec: Spec, stopped: dict[str, asyncio.Event]) -> None:
        try:
            for other in self._specs:
                if spec.name in other.needs:
                    await stopped[other.name].wait()
            if isinstance(spec, ProcessSpec):
                await self._keepers[spec.name].stop()
            if isinstance(spec, ScaledSpec):
                await self._stop_scaling(spec.name)
        finally:
            stopped[spec.name].set()

    async def _follow_backlog(self, scaler: Scaler) -> None:
        while True:
            await scaler.step()
            await self._clock.sleep(SCALE_SECONDS)

    async def _stop_scaling(self, name: str) -> None:
        task = self._scaling.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._scalers[name].stop()

    async def _do_chores(self) -> None:
        while True:
            await self._clock.sleep(ROTATE_SECONDS)
            for name in (state.name for state in self.states()):
                self.log_of(name).rotate_if_large()
