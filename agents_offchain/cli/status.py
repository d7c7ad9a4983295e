"""`aitbc status`: what runs for a home, how far each part has come, and whether it is well."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil
from sqlalchemy.exc import SQLAlchemyError

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.node import Block, Node
from agents_offchain.cli.console import Console
from agents_offchain.cli.continuity import database_exists
from agents_offchain.cli.crew import crew_folders
from agents_offchain.cli.generations import GenerationStatus, read_generations
from agents_offchain.cli.places import run_files
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import find_leftovers, is_alive
from agents_offchain.runtime.supervisor.process_lock import ProcessLock
from agents_offchain.runtime.supervisor.state_file import ProcessState, StateFile, SupervisorState
from agents_offchain.storage.database import Database
from agents_offchain.storage.heartbeats import Heartbeat, list_heartbeats

STALE_SECONDS = 15.0
FINE, DEGRADED, NOT_RUNNING = 0, 1, 3
_MIB = 1 << 20


@dataclass(frozen=True)
class ProcessStatus:
    """One process as an operator sees it; None where the process does not say."""

    name: str
    state: str
    pid: int | None
    restarts: int
    block: int | None
    backlog: int | None
    heartbeat_age_seconds: float | None
    memory_mib: int | None
    detail: str
    is_well: bool


@dataclass(frozen=True)
class HomeStatus:
    """A home that is up: its supervisor, the node's head (None when it does not answer), every process."""

    supervisor: SupervisorState
    head: Block | None
    processes: list[ProcessStatus]
    generations: list[GenerationStatus] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        return self.head is not None and bool(self.processes) and all(process.is_well for process in self.processes)


async def read_status(settings: Settings) -> HomeStatus | None:
    """How a home stands; None when it is not up, or still starting."""
    state = StateFile(run_files(settings)).read()
    if state is None or HomeLock(run_files(settings)).holder() is None:
        return None
    head, beats = await _look(settings, state)
    everybody = [*state.processes, *_crew_processes(settings)]
    told = [_describe(process, beats.get(process.name), time.time()) for process in everybody]
    return HomeStatus(state, head, told, await read_generations(settings))


def run_status(settings: Settings, console: Console) -> int:
    """Exit code 0 when all is well, 1 when something is not, 3 when the home is not up."""
    holder = HomeLock(run_files(settings)).holder()
    state = StateFile(run_files(settings)).read()
    if holder is None:
        return _say_not_running(settings, state, console)
    found = asyncio.run(read_status(settings))
    if found is None:
        console.line("The market is starting.")
        console.document({"home": str(settings.home), "state": "starting"})
        return DEGRADED
    _say(settings, found, console)
    return FINE if found.is_fine else DEGRADED


def _crew_processes(settings: Settings) -> list[ProcessState]:
    """What runs beside the home, started by `aitbc agent run` and the like."""
    found: list[ProcessState] = []
    for folder in crew_folders(settings):
        state = StateFile(folder).read() if ProcessLock(folder / "lock").holder() is not None else None
        found += state.processes if state is not None else ()
    return found


def _say_not_running(settings: Settings, state: SupervisorState | None, console: Console) -> int:
    left = find_leftovers(state.processes) if state is not None else []
    console.line(f"The market in {settings.home} is not running. `aitbc up` starts it.")
    if left:
        console.line(f"{len(left)} processes of an earlier run are left; `aitbc down` ends them.")
    console.document({"home": str(settings.home), "state": "down", "leftover_pids": [p.pid for p in left]})
    return NOT_RUNNING


async def _look(settings: Settings, state: SupervisorState) -> tuple[Block | None, dict[str, Heartbeat]]:
    node = Node(state.endpoints.get("rpc") or settings.rpc_url)
    try:
        head = await node.block()
    except AitbcError:
        head = None
    finally:
        await node.close()
    return head, await _read_heartbeats(settings)


async def _read_heartbeats(settings: Settings) -> dict[str, Heartbeat]:
    if not database_exists(settings):
        return {}
    database = Database(settings.database())
    try:
        return {beat.process: beat for beat in await list_heartbeats(database)}
    except (AitbcError, SQLAlchemyError):
        return {}
    finally:
        await database.close()


def _describe(process: ProcessState, beat: Heartbeat | None, now: float) -> ProcessStatus:
    own = beat if beat is not None and beat.pid == process.pid else None
    age = None if own is None else max(now - own.at, 0.0)
    alive = is_alive(process)
    is_well = process.state == "ready" and alive and (own is None or _is_fresh(own, age))
    return ProcessStatus(
        name=process.name,
        state=own.state if own is not None and process.state == "ready" else process.state,
        pid=process.pid if alive else None,
        restarts=process.restarts,
        block=None if own is None else own.block_number,
        backlog=None if own is None else own.backlog,
        heartbeat_age_seconds=None if age is None else round(age, 1),
        memory_mib=_memory_mib(process.pid) if alive else None,
        detail=process.detail or (own.detail if own is not None else ""),
        is_well=is_well,
    )


def _is_fresh(beat: Heartbeat, age: float | None) -> bool:
    return beat.state == "running" and age is not None and age < STALE_SECONDS


def _memory_mib(pid: int) -> int | None:
    """Resident memory of a process and what it started."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return int(sum(member.memory_info().rss for member in family) // _MIB)
    except psutil.Error:
        return None


def _say(settings: Settings, found: HomeStatus, console: Console) -> None:
    state, head, processes, is_fine = found.supervisor, found.head, found.processes, found.is_fine
    console.document(
        {
            "home": str(settings.home),
            "state": "up" if is_fine else "degraded",
            "pid": state.pid,
            "uptime_seconds": round(time.time() - state.started_at),
            "endpoints": state.endpoints,
            "chain": None if head is None else _chain(settings, head),
            "generations": [asdict(each) for each in found.generations],
            "processes": [asdict(process) for process in processes],
        }
    )
    console.line(f"page   {state.endpoints.get('page', '')}")
    console.line(f"chain  {state.endpoints.get('rpc', '')}  " + (f"block {head.number}" if head else "does not answer"))
    for each in found.generations if len(found.generations) > 1 else ():
        console.line(f"market {each.words}")
    width = max([len(process.name) for process in processes], default=0) + 2
    console.line(
        f"{'process':<{width}}{'state':<10}{'pid':>7}{'block':>8}{'backlog':>9}{'age':>7}{'memory':>9}  restarts"
    )
    for process in processes:
        console.line(_row(process, width))
    console.line("All is well." if is_fine else "Something is wrong; `aitbc logs PROCESS` tells more.")


def _chain(settings: Settings, head: Block) -> dict[str, int | None]:
    try:
        chain_id: int | None = load_deployment(settings.deployment_file).chain_id
    except AitbcError:
        chain_id = None
    return {"chain_id": chain_id, "block": head.number, "timestamp": head.timestamp}


def _row(process: ProcessStatus, width: int) -> str:
    age = "" if process.heartbeat_age_seconds is None else f"{process.heartbeat_age_seconds:.1f} s"
    memory = "" if process.memory_mib is None else f"{process.memory_mib} MiB"
    row = (
        f"{process.name:<{width}}{process.state:<10}{_cell(process.pid):>7}{_cell(process.block):>8}"
        f"{_cell(process.backlog):>9}{age:>7}{memory:>9}  {process.restarts}"
    )
    if not process.is_well:
        return f"{row}  <- {process.detail or 'not well'}"
    return f"{row}  {process.detail}" if process.detail else row


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
