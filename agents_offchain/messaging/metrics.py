"""What a host counts: messages by what became of them, and how long answers took."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

_SAMPLES = 2_048


class DeliveryMetrics:
    """Counts since the start of the process, and the newest latencies.

    Names: sent, received, handled, failed, repeated, replayed, refused, expired, over_quota, late, retried, hedged,
    rerouted, dead, bundles_sent, bundles_received, acknowledged, recovered, bus_failures.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._latencies_ms: deque[float] = deque(maxlen=_SAMPLES)

    def count(self, name: str, times: int = 1) -> None:
        self.counts[name] += times

    def took(self, milliseconds: float) -> None:
        self._latencies_ms.append(milliseconds)

    def latency_ms(self, share: float) -> float:
        """The latency that `share` (0 to 1) of the newest answers stayed below; 0 when there are none."""
        ordered = sorted(self._latencies_ms)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0

    def snapshot(self) -> Mapping[str, float]:
        """Counts, and latencies in milliseconds."""
        return {
            **{name: float(count) for name, count in sorted(self.counts.items())},
            "latency_p50_ms": self.latency_ms(0.5),
            "latency_p99_ms": self.latency_ms(0.99),
        }
