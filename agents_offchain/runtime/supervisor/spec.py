"""What to run, as data: processes that stay and steps that end, with what each needs first.

In: names, argument lists, probes. Out: checked `Spec`s in an order in which they can start.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agents_offchain.runtime.supervisor.errors import SpecInvalid
from agents_offchain.runtime.supervisor.scaling import ScalePolicy


class Probe(Protocol):
    """Says whether a started process can be used."""

    async def is_ready(self, pid: int) -> bool:
        """True when process `pid` serves; an AitbcError ends the start at once."""
        ...


@dataclass(frozen=True)
class RestartPolicy:
    """How a process that ended unasked comes back.

    Delays double from `first_delay_seconds` to `longest_delay_seconds`. More than `budget` failures within
    `window_seconds` and the process is given up; the others go on.
    """

    first_delay_seconds: float = 0.5
    longest_delay_seconds: float = 15.0
    budget: int = 5
    window_seconds: float = 120.0

    def delay_seconds(self, failures: int) -> float:
        """Pause before the restart that follows the `failures`-th failure in the window (first is 1)."""
        return min(self.first_delay_seconds * 2.0 ** (failures - 1), self.longest_delay_seconds)


@dataclass(frozen=True)
class ProcessSpec:
    """One process to keep running.

    Attributes:
        name: Unique; also the log's file name.
        argv: Absolute program path and arguments.
        needs: Names of specs that must be ready first.
        environment: Added to the supervisor's own.
        ready_seconds: Longest time from start to ready.
        after_ready: Called each time the process has become ready, before anything that needs it starts.
        stop_seconds: From the stop signal to SIGKILL.
        alive: Asked every `watch_seconds` once it is ready; after two times no the process is started again.
        death_signal: What the kernel sends the process when the supervisor is gone.
    """

    name: str
    argv: tuple[str, ...]
    ready: Probe
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_seconds: float = 30.0
    after_ready: Callable[[int], Awaitable[None]] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 8.0
    death_signal: signal.Signals = signal.SIGKILL
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    alive: Probe | None = None
    watch_seconds: float = 5.0


@dataclass(frozen=True)
class StepSpec:
    """Work to be done once per start, between processes; `run` is idempotent."""

    name: str
    run: Callable[[], Awaitable[None]]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScaledSpec:
    """As many processes of one kind as a backlog wants.

    Attributes:
        make: The spec of process `number`, counted from 1.
        backlog: Jobs that wait or are in hand, now.
    """

    name: str
    make: Callable[[int], ProcessSpec]
    policy: ScalePolicy
    backlog: Callable[[], Awaitable[int]]
    needs: tuple[str, ...] = ()


Spec = ProcessSpec | StepSpec | ScaledSpec


def order_specs(specs: Sequence[Spec]) -> list[Spec]:
    """The specs in a start order; ties keep the order given.

    Raises:
        SpecInvalid: a name twice, a need nobody fills, or needs that form a circle.
    """
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise SpecInvalid(f"A process name is used twice in {sorted(names)}.")
    for spec in specs:
        if missing := set(spec.needs) - set(names):
            raise SpecInvalid(f"{spec.name} needs {min(missing)}, which is not among the processes.")
    ordered: list[Spec] = []
    waiting = list(specs)
    while waiting:
        done = {spec.name for spec in ordered}
        free = [spec for spec in waiting if done.issuperset(spec.needs)]
        if not free:
            raise SpecInvalid(f"The needs of {', '.join(spec.name for spec in waiting)} form a circle.")
        ordered += free
        waiting = [spec for spec in waiting if spec not in free]
    return ordered
