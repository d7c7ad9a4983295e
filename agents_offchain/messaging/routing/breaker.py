"""A circuit breaker for each endpoint: who fails again and again is not asked for a while, then once for trial.

closed ── too many failures in a row ──► open ── pause over ──► half-open ── success ──► closed
                                          ▲                          └── failure ─────┐
                                          └───────── a pause twice as long ───────────┘
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from agents_offchain.primitives.clock import Clock

FAILURES_TO_OPEN = 3
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass
class _Circuit:
    failures: int = 0
    pause_seconds: float = 0.0
    open_until: float = 0.0
    on_trial_until: float = 0.0


class Breakers:
    """The circuits of one sender."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._circuits: dict[Hashable, _Circuit] = {}

    def allows(self, key: Hashable) -> bool:
        """True while closed, and for one trial each time a pause is over."""
        circuit = self._circuits.get(key)
        if circuit is None or circuit.pause_seconds == 0.0:
            return True
        now = self._clock.now_seconds()
        return now >= circuit.open_until and now >= circuit.on_trial_until

    def begin(self, key: Hashable) -> None:
        """A question goes out; on trial no second one does before this one ended or the pause passed again."""
        circuit = self._circuits.get(key)
        if circuit is not None and circuit.pause_seconds > 0.0:
            circuit.on_trial_until = self._clock.now_seconds() + circuit.pause_seconds

    def succeed(self, key: Hashable) -> None:
        self._circuits.pop(key, None)

    def fail(self, key: Hashable) -> None:
        circuit = self._circuits.setdefault(key, _Circuit())
        circuit.failures += 1
        if circuit.failures >= FAILURES_TO_OPEN:
            circuit.pause_seconds = min(max(circuit.pause_seconds * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            circuit.open_until = self._clock.now_seconds() + circuit.pause_seconds
            circuit.on_trial_until = 0.0

    def states(self) -> dict[str, int]:
        """How many circuits are open, and how many are half-open: their pause is over and a trial decides."""
        now = self._clock.now_seconds()
        tripped = [circuit for circuit in self._circuits.values() if circuit.pause_seconds > 0.0]
        is_open = sum(circuit.open_until > now for circuit in tripped)
        return {"open": is_open, "half_open": len(tripped) - is_open}

    def is_open(self, key: Hashable) -> bool:
        circuit = self._circuits.get(key)
        return circuit is not None and circuit.open_until > self._clock.now_seconds()
