"""Daemons in the foreground: started, told about, ended with Ctrl-C; what `aitbc agent run` and its like share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import dataclass

from sqlalchemy import select

from agents_offchain.cli.command_log import quiet_logs
from agents_offchain.cli.console import Console
from agents_offchain.cli.crew import Crew, Daemons
from agents_offchain.cli.places import log_folder
from agents_offchain.primitives.errors import Retryable
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.state_file import ProcessState
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import progress

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STORY_SECONDS = 0.5


@dataclass(frozen=True)
class Work:
    """What runs in the foreground.

    Attributes:
        crew: Name of the set of processes, and of the daemon whose words are shown.
        title: Who works, for people.
    """

    crew: str
    title: str
    daemons: Daemons


def stay(settings: Settings, console: Console, work: Work) -> int:
    """Run until Ctrl-C or SIGTERM; exit code 0 once everything is ended in order."""
    quiet_logs(log_folder(settings) / "supervisor.log")
    return asyncio.run(_stay(settings, console, work))


async def _stay(settings: Settings, console: Console, work: Work) -> int:
    stop = asyncio.Event()
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    began = time.monotonic()

    def on_change(state: ProcessState) -> None:
        console.event("process", name=state.name, state=state.state, pid=state.pid, detail=state.detail)
        if state.state in ("backoff", "failed"):
            console.line(f"  {state.name}: {state.detail}")

    crew = Crew(settings, work.crew, work.daemons, on_change=on_change)
    console.line(f"Starting {work.title}")
    starting = asyncio.create_task(crew.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        endpoints = starting.result()
        seconds = time.monotonic() - began
        console.line(f"At work ({seconds:.1f} s). Ctrl-C stops it.")
        console.line(f"  chain {endpoints.rpc}, log `aitbc logs {work.crew} -f`")
        console.event("ready", pid=os.getpid(), seconds=round(seconds, 2), **endpoints.as_dict())
        await _tell_story(crew.database, work.crew, console, stopping)
    else:
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
    stopping.cancel()
    console.line("Stopping.")
    await crew.stop()
    console.line("Stopped; what was begun is kept and goes on when it runs again.")
    console.event("stopped")
    return 0


async def _tell_story(database: Database, name: str, console: Console, stopping: asyncio.Task[bool]) -> None:
    """Print what the daemon says of jobs, from now on."""
    last: int | None = None
    while not stopping.done():
        with contextlib.suppress(Retryable):
            last = await _newest(database) if last is None else last
            query = select(progress).where(progress.c.id > last, progress.c.source == name).order_by(progress.c.id)
            async with database.read() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                last = row.id
                number = row.job_key.rpartition(":")[2]
                console.line(f"  job {number}: {row.detail or row.stage}")
                console.event("progress", job=number, stage=row.stage, detail=row.detail)
        await asyncio.wait({stopping}, timeout=STORY_SECONDS)


async def _newest(database: Database) -> int:
    async with database.read() as connection:
        row = (await connection.execute(select(progress.c.id).order_by(progress.c.id.desc()).limit(1))).first()
    return 0 if row is None else int(row.id)
