"""What Prometheus sees of the API and of the read model."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents_offchain.api.rest.agents.gateway import Gateway
from agents_offchain.api.rest.message_metrics import MessageMetrics
from agents_offchain.api.rest.payment_metrics import PaymentMetrics
from agents_offchain.api.rest.queue_metrics import QueueMetrics
from agents_offchain.api.rest.reads.jobs import JobStatus
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import jobs

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ApiMetrics:
    """Metrics of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.request_seconds = Histogram(
            "aitbc_http_request_duration_seconds",
            "Time to answer.",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self.stored_bytes = Counter("aitbc_stored_bytes", "Bytes taken from clients.", ["kind"], registry=self.registry)
        self.streams = Gauge("aitbc_live_streams", "Open event streams.", registry=self.registry)
        self.index_block = Gauge("aitbc_index_block", "Last block indexed.", registry=self.registry)
        self.head_block = Gauge("aitbc_chain_head_block", "Newest block of the node.", registry=self.registry)
        self.lag_blocks = Gauge("aitbc_index_lag_blocks", "Blocks that the index is behind.", registry=self.registry)
        self.is_up = Gauge("aitbc_part_up", "1 while the part answers.", ["part"], registry=self.registry)
        self.jobs = Gauge("aitbc_jobs", "Jobs by status.", ["status"], registry=self.registry)
        self.queues = QueueMetrics(self.registry)
        self.messages = MessageMetrics(self.registry)
        self.payments = PaymentMetrics(self.registry)

    async def render(self, database: Database, gateway: Gateway | None = None) -> bytes:
        """The text format, with job counts of now, and every host's messages where a gateway leads to them."""
        async with database.read() as connection:
            query = select(jobs.c.status, func.count().label("number")).group_by(jobs.c.status)
            counts = {row.status: row.number for row in await connection.execute(query)}
        for status in JobStatus:
            self.jobs.labels(status.value).set(counts.get(status.value, 0))
        await self.queues.read(database)
        await self.messages.read(gateway)
        await self.payments.read(database)
        return generate_latest(self.registry)


class RequestTimer:
    """Times every request under its route's template, so that ids make no new series."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            if not route.endswith("/events"):  # a stream's length says nothing about speed
                elapsed = time.perf_counter() - started
                self._metrics.request_seconds.labels(method, route, str(status)).observe(elapsed)
