"""The one loop every daemon runs in: setup, step, sleep, close.

A step does a bounded piece of work and is harmless to repeat. Errors are handled by family: wait and
try again, or say why and stop. An outage is waited out; a daemon that keeps being refused stops itself
and says so in its heartbeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from agents_offchain.primitives.clock import Clock, has_passed
from agents_offchain.primitives.errors import AitbcError, Fatal, Refused, Retryable
from agents_offchain.runtime.collector import settle_collector
from agents_offchain.runtime.health import Health, HealthFile
from agents_offchain.storage.database import Database
from agents_offchain.storage.heartbeats import beat

log = structlog.get_logger(__name__)
FAILURE_BUDGET = 30
"""Refused steps in a row before a daemon gives up; outages are waited out."""
HEARTBEAT_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 15.0
MAX_GROWTH_STEPS = 40
"""Beyond it the pause has long reached its bound; the power must not outgrow a float."""
REFUSED_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class StepOutcome:
    """What a step left behind; `is_idle` says that sleeping until the next wake-up loses nothing."""

    is_idle: bool
    block_number: int = 0
    backlog: int = 0
    detail: str = ""


class Daemon(Protocol):
    """A duty with a name. `setup` may be repeated after a failure, `close` always runs."""

    @property
    def name(self) -> str: ...

    async def setup(self) -> None: ...

    async def step(self) -> StepOutcome: ...

    async def close(self) -> None: ...


class Sleeper(Protocol):
    """What a daemon waits on between steps; `chain.wakeup.Wakeup` is one."""

    async def wait(self) -> None: ...


@dataclass
class _State:
    started_at: float
    last_beat: float = 0.0
    failures: int = 0
    is_stopping: bool = False
    outcome: StepOutcome = StepOutcome(is_idle=False)


async def run_daemon(
    daemon: Daemon, sleeper: Sleeper, database: Database, clock: Clock, health: HealthFile | None = None
) -> int:
    """Run until SIGTERM or SIGINT; the process's exit code.

    Args:
        health: Told with every heartbeat, also while the database takes none.
    """
    settle_collector()
    state = _State(started_at=clock.now_seconds())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    run = _Run(daemon, sleeper, database, clock, stop, state, health)
    try:
        await run.say("starting")
        await run.until_ready()
        while not stop.is_set():
            await run.turn()
        await run.say("stopped")
        return 0
    except AitbcError as error:
        log.error("daemon_failed", daemon=daemon.name, **error.as_dict())
        await run.say("failed", str(error))
        return error.exit_code
    finally:
        await daemon.close()


@dataclass
class _Run:
    """A daemon between its start and its end."""

    daemon: Daemon
    sleeper: Sleeper
    database: Database
    clock: Clock
    stop: asyncio.Event
    state: _State
    health: HealthFile | None = None

    async def until_ready(self) -> None:
        while not self.stop.is_set():
            try:
                await self.daemon.setup()
            except Retryable as error:
                await self._back_off(error)
            else:
                self.state.failures = 0
                self.state.last_beat = 0.0  # say "running" after the first step, whoever waits for it
                return

    async def turn(self) -> None:
        """One step, its bookkeeping, and the sleep after it."""
        try:
            self.state.outcome = await self.daemon.step()
        except Retryable as error:
            await self._back_off(error)
            return
        except Refused as error:
            await self._back_off_refused(error)
            return
        self.state.failures = 0
        if self._is_time_to_speak():
            await self.say("running")
        if self.state.outcome.is_idle:
            await self._unless_stopped(self.sleeper.wait())

    async def _back_off(self, error: Retryable) -> None:
        """Wait longer after each failure in a row. An outage may last: it is waited out, however long."""
        self.state.failures += 1
        growth = 1.5 ** min(self.state.failures - 1, MAX_GROWTH_STEPS)
        pause = min(error.retry_after_seconds * growth, MAX_BACKOFF_SECONDS)
        log.warning("step_failed", daemon=self.daemon.name, retry_in_seconds=round(pause, 2), **error.as_dict())
        await self._wait_out(error, pause)

    async def _back_off_refused(self, error: Refused) -> None:
        """What was refused will be refused again, unless the next step finds other facts; not for ever."""
        self.state.failures += 1
        if self.state.failures > FAILURE_BUDGET:
            raise Fatal(
                f"{self.daemon.name} was refused {self.state.failures} times in a row: {error.message}", mend=error.mend
            ) from error
        log.error("step_refused", daemon=self.daemon.name, **error.as_dict())
        await self._wait_out(error, REFUSED_PAUSE_SECONDS)

    async def _wait_out(self, error: AitbcError, seconds: float) -> None:
        if self._is_time_to_speak():
            await self.say("waiting", str(error))
        await self._unless_stopped(self.clock.sleep(seconds))

    def _is_time_to_speak(self) -> bool:
        return has_passed(HEARTBEAT_SECONDS, since=self.state.last_beat, now=self.clock.now_seconds())

    async def _unless_stopped(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for it, or for the word to stop, whichever comes first."""
        waiter = asyncio.ensure_future(waiting)
        stopper = asyncio.ensure_future(self.stop.wait())
        done, pending = await asyncio.wait({waiter, stopper}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()

    async def say(self, word: str, detail: str = "") -> None:
        """Write a sign of life; a database that cannot take it now is the next step's trouble."""
        self.state.last_beat = self.clock.now_seconds()
        outcome = self.state.outcome
        if self.health is not None:
            said = (word, self.state.last_beat, outcome.block_number, outcome.backlog, detail or outcome.detail)
            self.health.write(Health(self.daemon.name, os.getpid(), *said))
        with contextlib.suppress(Retryable):
            await beat(
                self.database,
                self.daemon.name,
                word,
                at=self.state.last_beat,
                started_at=self.state.started_at,
                block_number=outcome.block_number,
                backlog=outcome.backlog,
                detail=detail or outcome.detail,
            )
