"""What a host counts: messages by what became of them, how long answers took, what waits, whom it does not ask."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

import msgspec

_SAMPLES = 2_048
COUNTS = (
    "sent",
    "delivered",
    "handled",
    "acknowledged",
    "retried",
    "hedged",
    "rerouted",
    "dead",
    "failed",
    "repeated",
    "replayed",
    "refused",
    "expired",
    "cancelled",
    "over_quota",
    "late",
    "bundles_sent",
    "bundles_received",
    "bus_failures",
)
"""`delivered` messages arrived and could be believed; `handled` ones were acted on; `acknowledged` counts entries."""


class DeliveryMetrics:
    """Counts since the start of the process, by the names in `COUNTS`, and the newest latencies."""

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


class HostMetrics(msgspec.Struct, frozen=True):
    """One host at one moment, as it tells the directory.

    Attributes:
        counts: Messages since the host's process began, by `COUNTS`.
        queued: What waits for a handler, by priority: urgent, normal, bulk.
        outbound: What waits to be sent.
        circuits: Endpoints that are not asked, by the state of their circuit: open, half_open.
    """

    counts: dict[str, int] = {}
    queued: dict[str, int] = {}
    outbound: int = 0
    circuits: dict[str, int] = {}
    latency_p50_ms: float = 0.0
    latency_p99_ms: float = 0.0


_decoder = msgspec.msgpack.Decoder(HostMetrics)


def write_metrics(metrics: HostMetrics) -> bytes:
    return msgspec.msgpack.encode(metrics)


def read_metrics(data: bytes) -> HostMetrics:
    """A stranger's figures; nothing when they cannot be read."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError:
        return HostMetrics()
