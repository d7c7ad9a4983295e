"""`aitbc jobs NUMBER`: one job from hire to pay, as the chain's events and the daemons' words tell it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from agents_offchain.chain.addresses import Deployment, JobName, load_deployment
from agents_offchain.chain.signer.keystore import list_keys
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import home_database, moment, show_table
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum, encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_units
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.generations import same
from agents_offchain.storage.tables.journal import outbox, progress
from agents_offchain.storage.tables.read_model import agent_listings, events, jobs, policies, tokens, verdicts

WORDS = {
    "JobCreated": "the client hires",
    "JobDescribed": "the request is named",
    "BudgetSet": "the budget is set",
    "ProviderSet": "the agent is named",
    "JobFunded": "the pay is locked in the escrow",
    "JobSubmitted": "the agent hands its result over",
    "VerdictPosted": "a verdict is posted",
    "JobSettled": "the oracle settles",
    "JobCompleted": "the job is completed",
    "JobRejected": "the job is rejected",
    "JobExpired": "the job has expired",
    "PaymentReleased": "the agent is paid",
    "Refunded": "the client has its money back",
    "FeeTaken": "the fee is taken",
}


class JobUnknown(Refused):
    """The tables have no such job."""


def run_story(settings: Settings, console: Console, called: str) -> int:
    """Exit code 0; the story ends where the tables end."""
    return asyncio.run(_run(settings, console, called))


async def _run(settings: Settings, console: Console, called: str) -> int:
    folder = key_folder(settings)
    names = {key.address: key.name for key in (list_keys(folder) if folder.is_dir() else [])}
    async with home_database(settings) as database:
        deployment = load_deployment(settings.deployment_file)
        job_name = deployment.job_called(called)
        if job_name is None:
            raise JobUnknown(f"{called[:40]!r} names no job.", mend="A job is a number, of an older generation `1:7`.")
        job = await _job(database, job_name, called)
        lines = await _chain_lines(database, job_name) + await _daemon_lines(deployment, database, job_name)
        verdict = await _verdict(database, job_name)
    lines.sort(key=lambda line: (line["at"], line["order"]))
    facts = _facts(job, names)
    for line in lines:
        line.pop("order")
    console.document({**facts, "verdict": verdict, "story": lines})
    console.line(f"job {called} is {facts['status']}")
    for name in ("service", "client", "provider", "budget", "paid", "refunded", "fee", "deliverable"):
        if facts[name]:
            console.line(f"  {name:<12} {facts[name]}")
    if verdict is not None:
        console.line(f"  {'verdict':<12} score {verdict['score']} of 100")
    console.line()
    rows = [(moment(line["at"]), line["who"], line["what"], line["tx"] or "") for line in lines]
    show_table(console, ("when (UTC)", "who", "what", "transaction"), rows, empty="Nothing has happened yet.")
    return 0


async def _job(database: Database, name: JobName, called: str) -> Any:
    query = (
        select(jobs, tokens.c.symbol, tokens.c.decimals, agent_listings.c.service_type)
        .outerjoin(policies, same(policies, jobs, "policy_id"))
        .outerjoin(tokens, tokens.c.address == policies.c.token)
        .outerjoin(agent_listings, same(agent_listings, jobs, "listing_id"))
        .where(jobs.c.generation == name.generation, jobs.c.job_id == name.job_id)
    )
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        raise JobUnknown(f"There is no job {called} in the tables.", mend="`aitbc jobs --all` lists those there are.")
    return row


async def _chain_lines(database: Database, name: JobName) -> list[dict[str, Any]]:
    query = (
        select(events)
        .where(events.c.generation == name.generation, events.c.entity == "job", events.c.entity_id == name.job_id)
        .order_by(events.c.block_number, events.c.log_index)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [
        {
            "at": float(row.block_time),
            "order": index,
            "who": "chain",
            "what": WORDS.get(row.name, row.name),
            "event": row.name,
            "block": row.block_number,
            "tx": encode_hex(bytes(row.tx_hash)),
        }
        for index, row in enumerate(rows)
    ]


async def _daemon_lines(deployment: Deployment, database: Database, name: JobName) -> list[dict[str, Any]]:
    """What daemons said and planned."""
    job_key = deployment.of_generation(name.generation).job_key(name.job_id)
    said = select(progress).where(progress.c.job_key == job_key).order_by(progress.c.id)
    failed = select(outbox).where(outbox.c.intent_key.like(f"%:{job_key}:%"), outbox.c.error.is_not(None))
    async with database.read() as connection:
        lines = [_line(row.at, row.id, row.source, row.detail or row.stage) for row in await connection.execute(said)]
        lines += [
            _line(row.updated_at, row.id, "sender", f"{row.kind} {row.status}: {row.error}")
            for row in await connection.execute(failed)
        ]
    return lines


def _line(at: float, order: int, who: str, what: str) -> dict[str, Any]:
    return {"at": at, "order": order, "who": who, "what": what, "event": None, "block": None, "tx": None}


async def _verdict(database: Database, name: JobName) -> dict[str, Any] | None:
    query = select(verdicts).where(verdicts.c.generation == name.generation, verdicts.c.job_id == name.job_id)
    async with database.read() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    return {"score": row.score, "report_hash": encode_hex(bytes(row.report_hash)), "tx": encode_hex(bytes(row.tx_hash))}


def _facts(row: Any, names: dict[bytes, str]) -> dict[str, Any]:
    decimals, symbol = row.decimals or 0, row.symbol or ""

    def money(amount: int) -> str:
        return f"{format_units(int(amount), decimals)} {symbol}".strip() if amount else ""

    def who(address: bytes) -> str:
        name = names.get(bytes(address), "")
        return f"{checksum(bytes(address))}{f' ({name})' if name else ''}"

    return {
        "job_id": str(row.job_id),
        "generation": row.generation,
        "status": row.status,
        "service": row.service_type or "",
        "client": who(row.client),
        "provider": who(row.provider),
        "budget": money(row.budget),
        "paid": money(row.paid),
        "refunded": money(row.refunded),
        "fee": money(row.fee_treasury + row.fee_reporters),
        "deliverable": encode_hex(bytes(row.deliverable)) if row.deliverable else "",
    }
