"""`aitbc agent run`: one command to earn. The agent's daemon in the foreground, under a supervisor, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence

from sqlalchemy import select

from agents_offchain.cli.agents.book import Entry, find
from agents_offchain.cli.command_log import quiet_logs
from agents_offchain.cli.console import Console
from agents_offchain.cli.crew import Crew
from agents_offchain.cli.places import log_folder, run_files
from agents_offchain.cli.specs import daemon
from agents_offchain.primitives.errors import Retryable
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.runtime.supervisor.spec import Spec
from agents_offchain.runtime.supervisor.state_file import ProcessState
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import progress

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STORY_SECONDS = 0.5


def run_agent(settings: Settings, console: Console, name: str) -> int:
    """Exit code 0 once it was stopped on request.

    Raises:
        AgentUnknown: the home has no such agent.
        AlreadyRunning: another process runs it.
        HomeDown: no node can be asked.
    """
    entry = find(settings, name)
    DaemonLock(run_files(settings), entry.profile.daemon_name, entry.profile.title).require_free()
    quiet_logs(log_folder(settings) / "supervisor.log")
    return asyncio.run(_stay(settings, console, entry))


def agent_specs(entry: Entry, database: Database, needs: tuple[str, ...]) -> Sequence[Spec]:
    """The processes of one agent."""
    argv = ("agent", "--profile", str(entry.path))
    return [daemon(entry.profile.daemon_name, database, needs=needs, argv=argv)]


async def _stay(settings: Settings, console: Console, entry: Entry) -> int:
    stop = asyncio.Event()
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    name, began = entry.profile.daemon_name, time.monotonic()

    def on_change(state: ProcessState) -> None:
        console.event("process", name=state.name, state=state.state, pid=state.pid, detail=state.detail)
        if state.state in ("backoff", "failed"):
            console.line(f"  {state.name}: {state.detail}")

    crew = Crew(settings, name, lambda _, database, needs: agent_specs(entry, database, needs), on_change=on_change)
    console.line(f"Starting {entry.profile.title}")
    starting = asyncio.create_task(crew.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        endpoints = starting.result()
        seconds = time.monotonic() - began
        console.line(f"{entry.profile.agent.name} is at work ({seconds:.1f} s). Ctrl-C stops it.")
        console.line(f"  chain {endpoints.rpc}, log `aitbc logs {name} -f`")
        console.event("ready", pid=os.getpid(), seconds=round(seconds, 2), **endpoints.as_dict())
        await _tell_story(crew.database, name, console, stopping)
    else:
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
    stopping.cancel()
    console.line("Stopping.")
    await crew.stop()
    console.line("Stopped; its jobs are kept and go on when it runs again.")
    console.event("stopped")
    return 0


async def _tell_story(database: Database, name: str, console: Console, stopping: asyncio.Task[bool]) -> None:
    """Print what the agent says of its jobs, from now on."""
    last = await _newest(database)
    while not stopping.done():
        with contextlib.suppress(Retryable):
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
