"""Keeps as many processes of one kind running as the backlog wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from agents_offchain.primitives.clock import Clock, has_passed
from agents_offchain.primitives.errors import Retryable
from agents_offchain.runtime.supervisor.child import Spawner
from agents_offchain.runtime.supervisor.keeper import Keeper
from agents_offchain.runtime.supervisor.scaling import Scale, next_scale
from agents_offchain.runtime.supervisor.spec import ScaledSpec
from agents_offchain.runtime.supervisor.state_file import ProcessState

log = structlog.get_logger(__name__)
PAUSE_SECONDS = 15.0
"""After one that did not come up; the next would likely not either."""


class Scaler:
    """The processes of one `ScaledSpec`, numbered from 1; the highest goes first.

    Args:
        on_change: Told of every change of a process.
    """

    def __init__(
        self, spec: ScaledSpec, spawner: Spawner, clock: Clock, on_change: Callable[[ProcessState], None]
    ) -> None:
        self.spec = spec
        self._spawner = spawner
        self._clock = clock
        self._on_change = on_change
        self._keepers: list[Keeper] = []
        self._scale = Scale(0)
        self._failed_at: float | None = None

    def states(self) -> tuple[ProcessState, ...]:
        return tuple(keeper.state for keeper in self._keepers)

    async def step(self) -> int:
        """Look at the backlog once; how many processes there are now. A backlog that cannot be read changes nothing."""
        try:
            backlog = await self.spec.backlog()
        except Retryable as error:
            log.warning("backlog_unknown", scaled=self.spec.name, reason=error.message)
            return len(self._keepers)
        self._scale = next_scale(self.spec.policy, self._scale, backlog, self._clock.now_seconds())
        if self._scale.processes != len(self._keepers):
            log.info("scaled", scaled=self.spec.name, backlog=backlog, processes=self._scale.processes)
        while len(self._keepers) > self._scale.processes:
            await self._keepers.pop().stop()
        while not self._is_paused() and len(self._keepers) < self._scale.processes and await self._add():
            pass
        self._scale = Scale(len(self._keepers), self._scale.idle_since)
        return len(self._keepers)

    async def stop(self) -> None:
        keepers, self._keepers = self._keepers, []
        await asyncio.gather(*(keeper.stop() for keeper in keepers))
        self._scale = Scale(0)

    async def _add(self) -> bool:
        """Start one more; False when it does not come up, which the next look tries again."""
        spec = self.spec.make(len(self._keepers) + 1)
        keeper = Keeper(spec, self._spawner, self._clock, self._on_change)
        self._keepers.append(keeper)
        if await keeper.start():
            return True
        log.error("helper_failed", process=spec.name, detail=keeper.state.detail)
        self._keepers.remove(keeper)
        self._failed_at = self._clock.now_seconds()
        return False

    def _is_paused(self) -> bool:
        """For a while after a process did not come up."""
        if self._failed_at is None:
            return False
        return not has_passed(PAUSE_SECONDS, since=self._failed_at, now=self._clock.now_seconds())
