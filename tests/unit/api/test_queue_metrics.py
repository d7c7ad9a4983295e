"""A series per queue, lane and daemon, as an autoscaler reads it."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from agents_offchain.api.rest.queue_metrics import QueueMetrics
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.heartbeats import beat
from agents_offchain.storage.outbox import Intent, Outbox
from agents_offchain.storage.work import WorkQueue

pytestmark = pytest.mark.unit


async def test_metrics__of_a_backlog__tell_each_queue_apart_and_forget_what_is_done(database: Database) -> None:
    registry = CollectorRegistry()
    metrics, clock = QueueMetrics(registry), ManualClock()
    first, second = (WorkQueue(database, name, clock=clock) for name in ("agent", "agent.scout"))
    lane = Outbox(database, "31337:0xab", clock)
    async with database.write() as connection:
        for number in range(3):
            await first.add(connection, f"job-{number}", {})
        await second.add(connection, "job-9", {})
        await lane.plan(connection, Intent("k", "submit", b"\1" * 20, b""))
    await first.lease("somebody")
    await beat(database, "agent", "running", at=clock.now_seconds(), started_at=0.0)
    await metrics.read(database)
    said = generate_latest(registry).decode()
    assert 'aitbc_queue_jobs{queue="agent",state="new"} 2.0' in said
    assert 'aitbc_queue_jobs{queue="agent",state="leased"} 1.0' in said
    assert 'aitbc_queue_jobs{queue="agent.scout",state="new"} 1.0' in said
    assert 'aitbc_outbox_transactions{lane="31337:0xab",state="planned"} 1.0' in said
    assert 'aitbc_daemon_running{daemon="agent"} 1.0' in said
    assert 'aitbc_queue_oldest_seconds{queue="agent.scout"}' in said
    item = await second.lease("somebody")
    assert item is not None
    async with database.write() as connection:
        await second.close(connection, "somebody", "job-9", "done")
    await metrics.read(database)
    assert "agent.scout" not in generate_latest(registry).decode()
