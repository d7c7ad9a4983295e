"""Keeps one process running: start, readiness, restart with backoff, a failure budget, an orderly end.

waiting ─► starting ─► ready ─► (ended unasked) ─► backoff ─► starting …
               │                                      └─► failed   (budget spent, or it said "do not restart me")
               └─► backoff or failed                stopping ─► stopped
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError, Fatal
from agents_offchain.runtime.supervisor.child import Child, Spawner
from agents_offchain.runtime.supervisor.spec import ProcessSpec
from agents_offchain.runtime.supervisor.state_file import ProcessState

log = structlog.get_logger(__name__)
PROBE_SECONDS = 0.05
FATAL_EXIT = Fatal.exit_code
"""A daemon that ends with this code has said that starting it again is useless."""


class Keeper:
    """The life of one `ProcessSpec`.

    Args:
        on_change: Told of every change of state.
    """

    def __init__(
        self, spec: ProcessSpec, spawner: Spawner, clock: Clock, on_change: Callable[[ProcessState], None]
    ) -> None:
        self.spec = spec
        self._spawner = spawner
        self._clock = clock
        self._on_change = on_change
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures: deque[float] = deque()
        self._settled = asyncio.Event()
        self._is_stopping = False
        self.state = ProcessState(spec.name, "waiting", argv=spec.argv)

    async def start(self) -> bool:
        """Start the process and wait until it is ready or given up; True when it is ready.

        The first start is not repeated: what does not come up at once will not by itself.
        """
        self._task = asyncio.create_task(self._run(), name=f"keep-{self.spec.name}")
        await self._settled.wait()
        return self.state.state == "ready"

    async def stop(self) -> None:
        """End the process: the stop signal, time to finish, then SIGKILL for all that is left of it."""
        self._is_stopping = True
        child = self._child
        if child is not None:
            self._change("stopping")
            child.send(self.spec.stop_signal)
            waiting = asyncio.ensure_future(child.wait())
            done, _ = await asyncio.wait({waiting}, timeout=self.spec.stop_seconds)
            if not done:
                log.warning("process_killed", process=self.spec.name, after_seconds=self.spec.stop_seconds)
            child.kill_all()
            await waiting
            self._child = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._settled.set()
        if self.state.state not in ("failed", "stopped"):
            self._change("stopped", pid=0)

    async def _run(self) -> None:
        is_first = True
        while not self._is_stopping:
            reason = await self._live_once()
            if self._was_told_to_stop():
                return
            delay = self._count_failure(reason)
            if (is_first and not self._settled.is_set()) or delay is None:
                self._change("failed", pid=0, detail=reason)
                self._settled.set()
                return
            is_first = False
            self._change("backoff", pid=0, detail=f"{reason}; again in {delay:.1f} s")
            await self._clock.sleep(delay)

    def _was_told_to_stop(self) -> bool:
        return self._is_stopping

    async def _live_once(self) -> str:
        """One life from start to end; how it ended, as part of a sentence."""
        is_again = self.state.state == "backoff"
        try:
            self._child = child = await self._spawner.spawn(self.spec)
        except OSError as error:
            return f"cannot be started: {error.strerror or error}"
        self._change(
            "starting",
            pid=child.pid,
            created_at=child.created_at,
            restarts=self.state.restarts + is_again,
            detail="",
        )
        end = asyncio.ensure_future(child.wait())
        try:
            reason = await self._become_ready(child, end)
            if reason is None:
                self._change("ready")
                self._settled.set()
                reason = await self._live_on(child, end)
            return reason
        finally:
            if not self._is_stopping:
                child.kill_all()
                await end
                self._child = None
            end.cancel()

    async def _live_on(self, child: Child, end: asyncio.Future[int]) -> str:
        """Wait for the end, or bring it about when the process has stopped to turn; how it ended.

        It is asked twice: a machine that slept wakes its supervisor and its daemons in no particular order.
        """
        doubts = 0
        while self.spec.alive is not None and not end.done():
            await self._pause(end, self.spec.watch_seconds)
            if end.done():
                break
            doubts = 0 if await self.spec.alive.is_ready(child.pid) else doubts + 1
            if doubts > 1:
                log.error("process_hung", process=self.spec.name)
                child.kill_all()
                await end
                return "gave no sign of life and was ended"
        return _describe(await end)

    async def _become_ready(self, child: Child, end: asyncio.Future[int]) -> str | None:
        """None once the probe says yes; otherwise what went wrong."""
        give_up_at = self._clock.now_seconds() + self.spec.ready_seconds
        while not end.done():
            try:
                if await self.spec.ready.is_ready(child.pid):
                    if self.spec.after_ready is not None:
                        await self.spec.after_ready(child.pid)
                    return None
            except AitbcError as error:
                return f"did not become ready: {error.message}"
            if self._clock.now_seconds() > give_up_at:
                return f"was not ready within {self.spec.ready_seconds:.0f} s"
            await self._pause(end)
        return _describe(end.result())

    async def _pause(self, end: asyncio.Future[int], seconds: float = PROBE_SECONDS) -> None:
        pause = asyncio.ensure_future(self._clock.sleep(seconds))
        end.add_done_callback(lambda _: pause.cancel())
        with contextlib.suppress(asyncio.CancelledError):
            await pause

    def _count_failure(self, reason: str) -> float | None:
        """Seconds to the next start; None when the process is given up."""
        now = self._clock.now_seconds()
        self._failures.append(now)
        while self._failures and self._failures[0] < now - self.spec.restart.window_seconds:
            self._failures.popleft()
        log.warning("process_ended", process=self.spec.name, reason=reason, failures=len(self._failures))
        if reason == _describe(FATAL_EXIT) or len(self._failures) > self.spec.restart.budget:
            return None
        return self.spec.restart.delay_seconds(len(self._failures))

    def _change(self, state: str, **values: Any) -> None:
        self.state = replace(self.state, state=state, since=self._clock.now_seconds(), **values)
        self._on_change(self.state)


def _describe(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
