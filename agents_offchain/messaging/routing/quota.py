"""How much one sender may send: a token bucket each, forgotten when it is full again."""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.primitives.clock import Clock


@dataclass(frozen=True)
class Quota:
    """At most `burst` at once and `per_second` in the long run."""

    per_second: float = 2_000.0
    burst: int = 4_000


class Quotas:
    """The buckets of one host."""

    def __init__(self, quota: Quota, clock: Clock) -> None:
        self._quota = quota
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._next_sweep = 0.0

    def take(self, sender: str, now: float | None = None) -> float:
        """Take one; 0 when it is granted, else the seconds until it would be."""
        moment = self._clock.now_seconds() if now is None else now
        tokens, then = self._buckets.get(sender, (float(self._quota.burst), moment))
        tokens = min(tokens + (moment - then) * self._quota.per_second, float(self._quota.burst))
        if moment >= self._next_sweep:
            self._sweep(moment)
        if tokens < 1.0:
            self._buckets[sender] = (tokens, moment)
            return (1.0 - tokens) / self._quota.per_second
        self._buckets[sender] = (tokens - 1.0, moment)
        return 0.0

    def __len__(self) -> int:
        return len(self._buckets)

    def _sweep(self, now: float) -> None:
        """Senders that are quiet cost no memory."""
        full_after = self._quota.burst / self._quota.per_second
        self._next_sweep = now + full_after
        self._buckets = {sender: held for sender, held in self._buckets.items() if now - held[1] < full_after}
