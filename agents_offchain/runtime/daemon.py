"""The one loop every daemon runs in: setup, step, sleep, close.

A step does a bounded piece of work and is harmless to repeat. Errors are handled by family: wait and
try again, or say why and stop. A daemon that keeps failing stops itself and says so in its heartbeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from typing import Protocol

import structlog

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError, Contested, Fatal, Refused, Retryable
from agents_offchain.storage.database import Database
from agents_offchain.storage.heartbeats import beat

log = structlog.get_logger(__name__)
FAILURE_BUDGET = 30
"""Failed steps in a row before a daemon gives up."""
HEARTBEAT_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 15.0


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


async def run_daemon(daemon: Daemon, sleeper: Sleeper, database: Database, clock: Clock) -> int:
    """Run until SIGTERM or SIGINT; the process's exit code."""
    state = _State(started_at=clock.now_seconds())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await _say(database, daemon, state, clock, "starting")
        await _until_ready(daemon, state, clock, stop)
        while not stop.is_set():
            await _turn(daemon, sleeper, database, clock, state, stop)
        await _say(database, daemon, state, clock, "stopped")
        return 0
    except AitbcError as error:
        log.error("daemon_failed", daemon=daemon.name, **error.as_dict())
        with contextlib.suppress(AitbcError):
            await _say(database, daemon, state, clock, "failed", str(error))
        return error.exit_code
    finally:
        await daemon.close()


async def _until_ready(daemon: Daemon, state: _State, clock: Clock, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await daemon.setup()
        except Retryable as error:
            await _back_off(daemon, state, clock, error)
        else:
            state.failures = 0
            state.last_beat = 0.0  # say "running" after the first step, whoever waits for it
            return


async def _turn(
    daemon: Daemon, sleeper: Sleeper, database: Database, clock: Clock, state: _State, stop: asyncio.Event
) -> None:
    """One step, its bookkeeping, and the sleep after it."""
    try:
        state.outcome = await daemon.step()
        state.failures = 0
    except Retryable as error:
        await _back_off(daemon, state, clock, error)
        return
    except (Refused, Contested) as error:
        state.failures += 1
        if isinstance(error, Contested) or state.failures >= FAILURE_BUDGET:
            raise
        log.error("step_refused", daemon=daemon.name, **error.as_dict())
        await clock.sleep(1.0)
        return
    if clock.now_seconds() - state.last_beat >= HEARTBEAT_SECONDS:
        await _say(database, daemon, state, clock, "running")
    if state.outcome.is_idle and not stop.is_set():
        waiter = asyncio.ensure_future(sleeper.wait())
        stopper = asyncio.ensure_future(stop.wait())
        _, pending = await asyncio.wait({waiter, stopper}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()


async def _back_off(daemon: Daemon, state: _State, clock: Clock, error: Retryable) -> None:
    """Wait longer after each failure in a row; give up when the budget is spent."""
    state.failures += 1
    if state.failures > FAILURE_BUDGET:
        raise Fatal(f"{daemon.name} failed {state.failures} times in a row: {error.message}", mend=error.mend)
    pause = min(error.retry_after_seconds * 1.5 ** (state.failures - 1), MAX_BACKOFF_SECONDS)
    log.warning("step_failed", daemon=daemon.name, retry_in_seconds=round(pause, 2), **error.as_dict())
    await clock.sleep(pause)


async def _say(database: Database, daemon: Daemon, state: _State, clock: Clock, word: str, detail: str = "") -> None:
    state.last_beat = clock.now_seconds()
    outcome = state.outcome
    await beat(
        database,
        daemon.name,
        word,
        at=state.last_beat,
        started_at=state.started_at,
        block_number=outcome.block_number,
        backlog=outcome.backlog,
        detail=detail or outcome.detail,
    )
