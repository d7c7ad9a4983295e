"""How an agent stands: what it has in hand, what it waits for, what it has earned; from tables, keys and the chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from agents_offchain.chain.addresses import Deployment, JobName
from agents_offchain.chain.errors import ContractReverted, KeyMissing
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, JobStatus
from agents_offchain.chain.signer.keystore import key_address
from agents_offchain.cli.agents.book import Entry
from agents_offchain.cli.market import OpenListing, find_agent, read_listings
from agents_offchain.cli.operate.connections import Connections
from agents_offchain.cli.places import key_folder, run_files
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.agent.orders import DRAIN, KINDS
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.storage import work as states
from agents_offchain.storage.commands import CommandBook
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import PLANNED, SENT
from agents_offchain.storage.tables.journal import outbox, work
from agents_offchain.storage.tables.read_model import jobs

RUNNING, STOPPED, DRAINING, DRAINED, RETIRED = "running", "stopped", "draining", "drained", "retired"


@dataclass(frozen=True)
class Left:
    """What an agent has still to do and to get.

    Attributes:
        in_hand: Jobs that wait for it or are being worked on.
        transactions: Planned or sent, not confirmed.
        unsettled: The jobs that the chain has funded or submitted, pay that is not decided: by number, those of an
            older generation of the market as `generation:number`.
    """

    in_hand: int = 0
    transactions: int = 0
    unsettled: tuple[int | str, ...] = ()

    @property
    def is_nothing_to_do(self) -> bool:
        return not self.in_hand and not self.transactions


@dataclass(frozen=True)
class AgentView:
    """One agent as an operator sees it; money in the token's smallest unit, gas in wei, None where nobody answered."""

    name: str
    title: str
    key: str
    address: bytes | None
    state: str
    pid: int | None
    left: Left
    jobs_done: int
    earned: int
    agent_id: int | None = None
    credit: int | None = None
    gas_wei: int | None = None
    listings: tuple[OpenListing, ...] = field(default=())


def address_of(settings: Settings, entry: Entry) -> bytes | None:
    try:
        return key_address(key_folder(settings), entry.profile.agent.key)
    except KeyMissing:
        return None


def running_pid(settings: Settings, entry: Entry) -> int | None:
    """The process that runs the agent; None when none does."""
    lock = DaemonLock(run_files(settings), entry.profile.daemon_name, entry.profile.title)
    holder = lock.holder()
    return None if holder is None else int(holder.get("pid") or 0)


async def view_agent(settings: Settings, entry: Entry, database: Database) -> AgentView:
    """What the home's tables know."""
    daemon, address = entry.profile.daemon_name, address_of(settings, entry)
    left = await read_left(database, daemon, address)
    pid = running_pid(settings, entry)
    done, earned = await _earned(database, address)
    return AgentView(
        name=entry.name,
        title=entry.profile.agent.name,
        key=entry.profile.agent.key,
        address=address,
        state=await _state(database, entry, pid, left),
        pid=pid,
        left=left,
        jobs_done=done,
        earned=earned,
    )


async def read_left(database: Database, daemon: str, address: bytes | None) -> Left:
    """What is left to do for a daemon, by its own queue and lane."""
    in_hand = select(func.count()).where(work.c.consumer == daemon, work.c.status.in_([states.NEW, states.LEASED]))
    lane = f"%:0x{(address or b'').hex()}"
    sending = select(func.count()).where(outbox.c.lane.like(lane), outbox.c.status.in_([PLANNED, SENT]))
    async with database.read() as connection:
        hands = (await connection.execute(in_hand)).scalar_one()
        waiting = (await connection.execute(sending)).scalar_one() if address else 0
    return Left(int(hands), int(waiting))


async def read_unsettled(around: Connections, daemon: str, address: bytes) -> tuple[int | str, ...]:
    """Jobs of an agent that the chain has funded or submitted; tables name candidates, the chain answers."""
    mine = select(jobs.c.generation, jobs.c.job_id)
    mine = mine.where(jobs.c.provider == address, jobs.c.status.in_(["open", "funded", "submitted"]))
    queued = select(work.c.job_key).where(
        work.c.consumer == daemon, work.c.status.in_([states.OPEN, states.NEW, states.LEASED, states.DELIVERED])
    )
    async with around.database.read() as connection:
        candidates = {JobName(row.generation, int(row.job_id)) for row in (await connection.execute(mine)).all()}
        keys = [row.job_key for row in (await connection.execute(queued)).all()]
    candidates |= {name for key in keys if (name := around.deployment.job_of_key(key)) is not None}
    found: list[int | str] = []
    for each in reversed(around.deployment.generations):
        escrow = JobEscrowProxy.of(around.node, each)
        numbers = sorted(name.job_id for name in candidates if name.generation == each.generation)
        open_ones = [number for number in numbers if await _is_unsettled(escrow, number, address)]
        is_newest = each is around.deployment
        found += [n if is_newest else around.deployment.reference(each.generation, n) for n in open_ones]
    return tuple(found)


async def _is_unsettled(escrow: JobEscrowProxy, job_id: int, address: bytes) -> bool:
    try:
        job = await escrow.job(job_id)
    except ContractReverted:
        return False
    return job.provider == address and job.status in (JobStatus.FUNDED, JobStatus.SUBMITTED)


async def chain_facts(around: Connections, address: bytes) -> dict[str, Any]:
    """What only the chain knows of an agent, as fields of its view."""
    node, deployment = around.node, around.deployment
    agent_id = await find_agent(deployment, node, address)
    return {
        "agent_id": agent_id,
        "credit": sum([await _credit(node, each, address) for each in deployment.generations]),
        "gas_wei": await node.balance(address),
        "listings": tuple(await read_listings(deployment, node, agent_id)) if agent_id is not None else (),
    }


async def _credit(node: Node, deployment: Deployment, address: bytes) -> int:
    return int(await JobEscrowProxy.of(node, deployment).credit(deployment.address("TestDollar"), address))


async def _earned(database: Database, address: bytes | None) -> tuple[int, int]:
    """Completed jobs and what they paid."""
    if address is None:
        return 0, 0
    query = select(jobs.c.paid).where(jobs.c.provider == address, jobs.c.status == "completed")
    async with database.read() as connection:
        paid = [int(row.paid) for row in (await connection.execute(query)).all()]
    return len(paid), sum(paid)


async def _state(database: Database, entry: Entry, pid: int | None, left: Left) -> str:
    if entry.is_retired:
        return RETIRED
    newest = await CommandBook(database).newest(entry.profile.daemon_name, KINDS, is_handled=False)
    if newest is not None and newest.kind == DRAIN:
        return DRAINED if left.is_nothing_to_do and newest.handled_at is not None else DRAINING
    return STOPPED if pid is None else RUNNING
