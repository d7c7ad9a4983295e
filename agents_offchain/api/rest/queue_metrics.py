"""What a scaler needs to know: a series per queue, per lane and per daemon, read from the journal's tables.

The supervisor of one machine follows the same numbers; on Kubernetes `aitbc_queue_jobs` is what an autoscaler takes.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import func, select

from agents_offchain.storage import work as states
from agents_offchain.storage.database import Database
from agents_offchain.storage.heartbeats import list_heartbeats
from agents_offchain.storage.outbox import PLANNED, SENT
from agents_offchain.storage.tables.journal import outbox, work

OPEN = (states.NEW, states.LEASED)


class QueueMetrics:
    """Gauges of queues, lanes and daemons."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.jobs = Gauge("aitbc_queue_jobs", "Jobs in a queue by state.", ["queue", "state"], registry=registry)
        self.oldest = Gauge(
            "aitbc_queue_oldest_seconds", "Age of the oldest job that nobody has in hand.", ["queue"], registry=registry
        )
        self.lanes = Gauge(
            "aitbc_outbox_transactions", "Transactions planned or sent.", ["lane", "state"], registry=registry
        )
        self.beats = Gauge(
            "aitbc_heartbeat_age_seconds", "Since a daemon's last sign of life.", ["daemon"], registry=registry
        )
        self.running = Gauge("aitbc_daemon_running", "1 while a daemon says it works.", ["daemon"], registry=registry)

    async def read(self, database: Database) -> None:
        """Set every series to what the tables say now; what is gone is dropped."""
        now = time.time()
        for gauge in (self.jobs, self.oldest, self.lanes, self.beats, self.running):
            gauge.clear()
        counts = select(work.c.consumer, work.c.status, func.count().label("number"))
        counts = counts.where(work.c.status.in_(OPEN)).group_by(work.c.consumer, work.c.status)
        oldest = select(work.c.consumer, func.min(work.c.created_at).label("since"))
        oldest = oldest.where(work.c.status == states.NEW).group_by(work.c.consumer)
        lanes = select(outbox.c.lane, outbox.c.status, func.count().label("number"))
        lanes = lanes.where(outbox.c.status.in_([PLANNED, SENT])).group_by(outbox.c.lane, outbox.c.status)
        async with database.read() as connection:
            for row in await connection.execute(counts):
                self.jobs.labels(row.consumer, row.status).set(row.number)
            for row in await connection.execute(oldest):
                self.oldest.labels(row.consumer).set(max(now - row.since, 0.0))
            for row in await connection.execute(lanes):
                self.lanes.labels(row.lane, row.status).set(row.number)
        for beat in await list_heartbeats(database):
            self.beats.labels(beat.process).set(max(now - beat.at, 0.0))
            self.running.labels(beat.process).set(float(beat.state == "running"))
