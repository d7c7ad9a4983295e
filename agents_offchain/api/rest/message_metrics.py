"""Messages between agents, as Prometheus reads them: one scrape of the API tells of every host that is alive.

Hosts say how they are when they renew their lease, so the figures of others are at most a third of a lease old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agents_offchain.api.rest.agents.gateway import Gateway
from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.metrics import COUNTS, HostMetrics

PRIORITIES = ("urgent", "normal", "bulk")
CIRCUITS = ("open", "half_open")
_NONE: Mapping[str, HostMetrics] = {}


class MessageMetrics:
    """A collector of what the hosts said last."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._hosts = _NONE
        registry.register(self)

    async def read(self, gateway: Gateway | None) -> None:
        """Ask again; a message server that is away leaves no figures, rather than old ones."""
        try:
            self._hosts = await gateway.metrics() if gateway is not None else _NONE
        except BusUnavailable:
            self._hosts = _NONE

    def collect(self) -> Iterable[Metric]:
        events = CounterMetricFamily("aitbc_messages", "Messages by what became of them.", labels=["host", "event"])
        queued = GaugeMetricFamily(
            "aitbc_message_queue_messages", "Messages that wait for a handler.", labels=["host", "priority"]
        )
        outbound = GaugeMetricFamily(
            "aitbc_message_outbound_messages", "Messages that wait to be sent.", labels=["host"]
        )
        circuits = GaugeMetricFamily(
            "aitbc_message_circuits", "Endpoints that this host does not ask now.", labels=["host", "state"]
        )
        latency = GaugeMetricFamily(
            "aitbc_message_answer_milliseconds", "Newest answers to this host.", labels=["host", "quantile"]
        )
        for host, seen in sorted(self._hosts.items()):
            for event in COUNTS:
                events.add_metric([host, event], seen.counts.get(event, 0))
            for priority in PRIORITIES:
                queued.add_metric([host, priority], seen.queued.get(priority, 0))
            outbound.add_metric([host], seen.outbound)
            for state in CIRCUITS:
                circuits.add_metric([host, state], seen.circuits.get(state, 0))
            latency.add_metric([host, "0.5"], seen.latency_p50_ms)
            latency.add_metric([host, "0.99"], seen.latency_p99_ms)
        return [events, queued, outbound, circuits, latency]
