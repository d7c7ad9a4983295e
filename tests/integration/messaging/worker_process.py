"""One worker of a queue, for those who kill it: `python -m tests.integration.messaging.worker_process <redis url>
<database url> <name> [<kill point>]`.

Each job's effect is a row in `effects`, written through `Once`; nothing there forbids a second row, so that a job done
twice can be seen. With a kill point the process ends itself by SIGKILL when it comes there with its `FATAL_JOB`th job.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.mailbox import Delivery
from agents_offchain.messaging.once import Once
from agents_offchain.messaging.streams import StreamMailbox
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.messages import handled_messages
from tests.around import put_around
from tests.integration.messaging.real_hosts import RealHost

QUEUE, JOB, WORK_SECONDS = "jobs", "job/1", 0.002
FATAL_JOB = 5
BEFORE_EFFECT, IN_EFFECT, AFTER_EFFECT, BEFORE_ACKNOWLEDGEMENT = KILL_POINTS = (
    "before the effect",
    "in the effect's transaction",
    "after the effect",
    "before the acknowledgement",
)
_metadata = MetaData()
effects = Table(
    "effects",
    _metadata,
    Column("job", Integer, nullable=False),
    Column("worker", String(40), nullable=False),
)


async def prepare(database: Database) -> None:
    """Make the tables."""
    async with database.write() as connection:
        await connection.run_sync(_metadata.create_all)
        await connection.run_sync(lambda sync: handled_messages.create(sync, checkfirst=True))


class Life:
    """Ends where it should."""

    def __init__(self, point: str) -> None:
        self._point = point
        self.jobs = 0

    def passes(self, point: str) -> None:
        if point == self._point and self.jobs >= FATAL_JOB:
            os.kill(os.getpid(), signal.SIGKILL)


def worker(name: str, once: Once, life: Life) -> Agent:
    """Does jobs, one at a time."""
    agent = Agent(name, key="worker")

    @agent.on_queue(QUEUE)
    async def work(context: Any, job: int) -> None:
        async def effect(connection: AsyncConnection) -> None:
            await connection.execute(insert(effects).values(job=job, worker=name))
            life.passes(IN_EFFECT)

        life.jobs += 1
        await asyncio.sleep(WORK_SECONDS)
        life.passes(BEFORE_EFFECT)
        await once.do(context.effect_key, effect)
        life.passes(AFTER_EFFECT)

    return agent


async def main(url: str, database_url: str, name: str, point: str) -> None:
    life = Life(point)

    def mortal(plain: Callable[..., Any]) -> Callable[..., Any]:
        async def acknowledge(mailbox: StreamMailbox, topic: str, deliveries: Sequence[Delivery]) -> None:
            if deliveries:
                life.passes(BEFORE_ACKNOWLEDGEMENT)
            await plain(mailbox, topic, deliveries)

        return acknowledge

    put_around(StreamMailbox, "acknowledge", mortal)
    await RealHost.start(url, name, worker(name, Once(Database(database_url), "jobs"), life), concurrency=1)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], sys.argv[4] if len(sys.argv) > 4 else ""))
