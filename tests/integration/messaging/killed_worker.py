"""A queue with two workers, one of which is killed: what became of the jobs, and how long until none was left."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from redis.exceptions import ResponseError
from sqlalchemy import select

from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.streams import Client, StreamMailbox, open_client, stream_key
from agents_offchain.storage.database import Database
from tests.integration.messaging.real_hosts import GROUP, RealHost
from tests.integration.messaging.worker_process import JOB, QUEUE, effects, prepare

JOBS = 96
LONGEST_SECONDS = 60.0
_TOPIC = f"queue/{QUEUE}"


@dataclass(frozen=True)
class Aftermath:
    """`done` holds each job as often as its effect happened, `held` is what the dead worker had not acknowledged,
    `recovery_seconds` went by from its death until the other had all of that, `end_seconds` until all was done."""

    done: list[int]
    held: int
    recovery_seconds: float
    end_seconds: float


async def kill_a_worker(url: str, folder: Path, point: str) -> Aftermath:
    """Give jobs to two workers of which one dies at `point`, wait until all is acknowledged."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'effects.db'}")
    await prepare(database)
    client, now = await open_client(url), asyncio.get_running_loop().time
    queue, giver = StreamMailbox(client, GROUP, "observer"), Agent("giver", key="giver")
    host = await RealHost.start(url, "giver", giver)
    workers = [await _start(url, database.url, "victim", point), await _start(url, database.url, "survivor")]
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while len(await _readers(client)) < len(workers):
                await asyncio.sleep(0.01)
            for job in range(JOBS):
                await giver.enqueue(QUEUE, JOB, job)
            await workers[0].wait()
            died_at = now()
            held = (await _readers(client))[b"victim"]
            while (await _readers(client))[b"victim"]:
                await asyncio.sleep(0.005)
            recovery_seconds = now() - died_at
            while await queue.count_unread(_TOPIC):
                await asyncio.sleep(0.005)
            end_seconds = now() - died_at
        async with database.read() as connection:
            done = sorted((await connection.execute(select(effects.c.job))).scalars())
        return Aftermath(list(done), held, recovery_seconds, end_seconds)
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()
        await host.close()
        await client.aclose()
        await database.close()


async def _readers(client: Client) -> dict[bytes, int]:
    """Who reads the queue, and how much each has not acknowledged."""
    try:
        found = await client.xinfo_consumers(stream_key(_TOPIC), GROUP)
    except ResponseError:  # nobody reads yet
        return {}
    return {bytes(one["name"]): int(one["pending"]) for one in found}


async def _start(url: str, database_url: str, name: str, point: str = "") -> asyncio.subprocess.Process:
    module = "tests.integration.messaging.worker_process"
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, url, database_url, name, point)
