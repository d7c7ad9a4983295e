"""What the screen shows, as one value read at one moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.signer.keystore import list_keys
from agents_offchain.cli.agents.book import entries
from agents_offchain.cli.agents.view import AgentView, view_agent
from agents_offchain.cli.operate.home import home_database, newest_generation
from agents_offchain.cli.operate.jobs import read_jobs
from agents_offchain.cli.places import key_folder
from agents_offchain.cli.status import HomeStatus, read_status
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens
from agents_offchain.storage.approvals import WAITING, ApprovalBook
from agents_offchain.storage.database import Database
from agents_offchain.storage.dead_letters import DeadLetters
from agents_offchain.storage.tables.journal import outbox, progress
from agents_offchain.storage.tables.read_model import marketplace_transactions

HOUR = 3_600
HOURS = 24
JOBS_SHOWN = 14


@dataclass(frozen=True)
class JobLine:
    """One job of this home; money is text of whole tokens, `seconds` its age or the time it took."""

    job_id: str
    status: str
    role: str
    service: str
    budget: str
    earned: str
    seconds: int
    last_word: str


@dataclass(frozen=True)
class Snapshot:
    """One moment of a home.

    Attributes:
        earned_by_hour: Token units released to this home's wallets in each of the last 24 hours of chain time, oldest
            first.
        chain_time: Of the newest indexed money, unix seconds; the machine's time where there is none.
    """

    at: float
    home: str
    status: HomeStatus | None
    agents: tuple[AgentView, ...]
    jobs: tuple[JobLine, ...]
    jobs_by_status: dict[str, int]
    earned_by_hour: tuple[int, ...]
    earned: int
    sending: int
    dead_letters: int
    approvals: int
    chain_time: float

    @property
    def is_well(self) -> bool:
        return self.status is not None and self.status.is_fine and not self.dead_letters

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible data."""
        return {
            "at": self.at,
            "home": self.home,
            "is_well": self.is_well,
            "processes": [] if self.status is None else [vars(process) for process in self.status.processes],
            "block": self.status.head.number if self.status is not None and self.status.head is not None else None,
            "agents": [
                {
                    "name": agent.name,
                    "state": agent.state,
                    "in_hand": agent.left.in_hand,
                    "jobs_done": agent.jobs_done,
                    "earned": format_tokens(agent.earned),
                }
                for agent in self.agents
            ],
            "jobs": [vars(job) for job in self.jobs],
            "jobs_by_status": self.jobs_by_status,
            "earned": format_tokens(self.earned),
            "earned_by_hour": [format_tokens(amount) for amount in self.earned_by_hour],
            "transactions_on_their_way": self.sending,
            "dead_letters": self.dead_letters,
            "approvals_waiting": self.approvals,
        }


async def read_snapshot(settings: Settings) -> Snapshot:
    """Read everything the screen shows.

    Raises:
        HomeEmpty: the home has no database yet.
    """
    folder = key_folder(settings)
    names = {key.address: key.name for key in (list_keys(folder) if folder.is_dir() else [])}
    status = await read_status(settings)
    async with home_database(settings) as database:
        agents = tuple([await view_agent(settings, entry, database) for entry in entries(settings)])
        rows = await read_jobs(database, names, newest_generation(settings), limit=JOBS_SHOWN)
        words = await _last_words(settings, database)
        released = await _released(database, list(names))
        now = await _chain_time(database)
        async with database.read() as connection:
            query = select(func.count()).where(outbox.c.status.in_(["planned", "sent"]))
            sending = int((await connection.execute(query)).scalar_one())
        return Snapshot(
            at=time.time(),
            home=str(settings.home),
            status=status,
            agents=agents,
            jobs=tuple(_line(row, words.get(row.reference, ""), now) for row in rows),
            jobs_by_status=_count(row.status for row in rows),
            earned_by_hour=by_hour(released, now),
            earned=sum(amount for _, amount in released),
            sending=sending,
            dead_letters=len(await DeadLetters(database).list()),
            approvals=len(await ApprovalBook(database).list(WAITING)),
            chain_time=now,
        )


def _line(row: Any, word: str, now: float) -> JobLine:
    return JobLine(
        job_id=row.reference,
        status=row.status,
        role=row.role,
        service=row.service,
        budget=f"{row.budget} {row.symbol}".strip(),
        earned=row.earned,
        seconds=max(int((row.settled_at or now) - row.created_at), 0),
        last_word=word,
    )


def _count(statuses: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    return counts


def by_hour(released: list[tuple[int, int]], now: float) -> tuple[int, ...]:
    """Sums of the last 24 hours, oldest first."""
    sums = [0] * HOURS
    for at, amount in released:
        back = int((now - at) // HOUR)
        if 0 <= back < HOURS:
            sums[HOURS - 1 - back] += amount
    return tuple(sums)


async def _released(database: Database, wallets: list[bytes]) -> list[tuple[int, int]]:
    """(block time, token units) of every payment to these wallets."""
    table = marketplace_transactions
    query = select(table.c.created_at, table.c.amount).where(
        table.c.kind == "released", table.c.to_address.in_(wallets)
    )
    async with database.read() as connection:
        return [(int(row.created_at), int(row.amount)) for row in (await connection.execute(query)).all()]


async def _chain_time(database: Database) -> float:
    async with database.read() as connection:
        newest = (await connection.execute(select(func.max(marketplace_transactions.c.created_at)))).scalar_one()
    return max(time.time(), float(newest or 0))


async def _last_words(settings: Settings, database: Database) -> dict[str, str]:
    """By what a job is called, the newest word of a daemon on it, of what was said lately."""
    if not settings.deployment_file.exists():
        return {}
    deployment = load_deployment(settings.deployment_file)
    async with database.read() as connection:
        query = select(progress).order_by(progress.c.id.desc()).limit(200)
        rows = (await connection.execute(query)).all()
    words: dict[str, str] = {}
    for row in rows:
        if (name := deployment.job_of_key(row.job_key)) is not None:
            words.setdefault(deployment.reference(*name), row.detail or row.stage)
    return words
