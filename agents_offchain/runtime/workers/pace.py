"""How many runs at once: additive increase while they stay quick, multiplicative decrease when they do not.

Pure: measured seconds go in, whole numbers come out. The best latency seen lately stands for an uncrowded machine; when
the smoothed latency leaves it behind, or a run fails for lack of room, the window is halved, at most once for the runs
that were under way. Prefetch is what hides the fetching of inputs behind the running of others, by Little's law.

Source: AIMD as in TCP's congestion avoidance (RFC 5681, section 3.1), with latency instead of loss as the signal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SMOOTHING = 0.3
"""Weight of the newest measurement."""


@dataclass(frozen=True)
class PaceLimits:
    """Bounds of the window, in runs at once.

    Attributes:
        tolerance: Smoothed latency over the best one, above which the machine counts as crowded.
        forgetting: How much the best latency is raised at each run, so that an old record does not rule for ever.
    """

    ceiling: int
    floor: int = 1
    max_prefetch: int = 4
    tolerance: float = 1.7
    decrease: float = 0.5
    forgetting: float = 0.002


class Pace:
    """The window of one agent's worker."""

    def __init__(self, limits: PaceLimits) -> None:
        self._limits = limits
        self._window = float(limits.floor)
        self._best = math.inf
        self._smoothed = 0.0
        self._fetching = 0.0
        self._spared = 0

    @property
    def workers(self) -> int:
        """Runs at once, now."""
        return int(self._window)

    @property
    def prefetch(self) -> int:
        """Jobs to take in hand beyond those that run; none before anything was measured."""
        if not self._smoothed or not self._fetching:
            return 0
        return min(math.ceil(self.workers * self._fetching / self._smoothed), self._limits.max_prefetch)

    @property
    def in_hand(self) -> int:
        return self.workers + self.prefetch

    def fetched(self, seconds: float) -> None:
        """Note how long an input took to come."""
        self._fetching = _smooth(self._fetching, seconds)

    def finished(self, seconds: float, *, was_full: bool) -> None:
        """Note a run.

        Args:
            was_full: Whether all workers were busy when it began; an idle window says nothing about a larger one.
        """
        self._smoothed = _smooth(self._smoothed, seconds)
        self._best = min(self._best * (1 + self._limits.forgetting), seconds)
        if self._smoothed > self._limits.tolerance * self._best:
            self._shrink()
        elif was_full:
            self._window = min(self._window + 1 / self._window, float(self._limits.ceiling))
        self._spared = max(self._spared - 1, 0)

    def failed(self) -> None:
        """Note a run that ended for lack of room: memory, processes, time."""
        self._shrink()

    def _shrink(self) -> None:
        if self._spared:
            return  # these runs began before the last decrease
        self._spared = self.workers + 1
        self._window = max(self._window * self._limits.decrease, float(self._limits.floor))


def _smooth(before: float, now: float) -> float:
    return now if not before else (1 - SMOOTHING) * before + SMOOTHING * now
