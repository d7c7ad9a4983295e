"""`aitbc jobs`: the jobs of this home's keys, what state they are in, what they earned and cost."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import or_, select

from agents_offchain.chain.addresses import job_reference
from agents_offchain.chain.signer.keystore import list_keys
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import home_database, moment, newest_generation, show_table
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_units
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.generations import same
from agents_offchain.storage.tables.read_model import agent_listings, jobs, policies, tokens


@dataclass(frozen=True)
class JobRow:
    """One job as an operator sees it. Money is text of whole tokens; `earned` and `spent` are this home's.

    `reference` is what the job is called: its id, for an older generation of the market `generation:id`.
    """

    job_id: str
    generation: int
    reference: str
    status: str
    role: str
    service: str
    client: str
    provider: str
    budget: str
    earned: str
    spent: str
    symbol: str
    created_at: int
    settled_at: int | None


async def read_jobs(database: Database, names: dict[bytes, str], newest: int, *, limit: int) -> list[JobRow]:
    """The newest jobs of the keys of a home, by address -> name; `newest` generation of the market."""
    return [_row(row, names, newest) for row in await _rows(database, names, None, is_all=False, limit=limit)]


def run_jobs(settings: Settings, console: Console, *, status: str | None, is_all: bool, limit: int) -> int:
    return asyncio.run(_run(settings, console, status, is_all=is_all, limit=limit))


async def _run(settings: Settings, console: Console, status: str | None, *, is_all: bool, limit: int) -> int:
    folder = key_folder(settings)
    names = {key.address: key.name for key in list_keys(folder)} if folder.is_dir() else {}
    async with home_database(settings) as database:
        found = await _rows(database, names, status, is_all=is_all, limit=limit)
    newest = newest_generation(settings)
    shown = [_row(row, names, newest) for row in found]
    totals = _totals(found, names)
    console.document({"jobs": [asdict(row) for row in shown], "totals": totals})
    heads = ("job", "status", "as", "service", "budget", "earned", "spent", "created (UTC)")
    cells = [
        (r.reference, r.status, r.role, r.service, f"{r.budget} {r.symbol}", r.earned, r.spent, moment(r.created_at))
        for r in shown
    ]
    show_table(console, heads, cells, empty="There are no such jobs.")
    for total in totals:
        console.line(f"earned {total['earned']}, spent {total['spent']} {total['symbol']} in {total['jobs']} jobs")
    return 0


async def _rows(
    database: Database, names: dict[bytes, str], status: str | None, *, is_all: bool, limit: int
) -> list[Any]:
    """The newest jobs first; those of the home's keys unless all are wanted."""
    query = (
        select(jobs, policies.c.token, tokens.c.symbol, tokens.c.decimals, agent_listings.c.service_type)
        .outerjoin(policies, same(policies, jobs, "policy_id"))
        .outerjoin(tokens, tokens.c.address == policies.c.token)
        .outerjoin(agent_listings, same(agent_listings, jobs, "listing_id"))
        .order_by(jobs.c.generation.desc(), jobs.c.job_id.desc())
        .limit(limit)
    )
    if not is_all:
        query = query.where(or_(jobs.c.client.in_(names), jobs.c.provider.in_(names)))
    if status is not None:
        query = query.where(jobs.c.status == status)
    async with database.read() as connection:
        return list((await connection.execute(query)).all())


def _row(row: Any, names: dict[bytes, str], newest: int) -> JobRow:
    decimals = row.decimals or 0
    provider, client = bytes(row.provider), bytes(row.client)
    earned, spent = _money(row, names)
    roles = [f"provider {names[provider]}"] if provider in names else []
    roles += [f"client {names[client]}"] if client in names else []
    return JobRow(
        job_id=str(row.job_id),
        generation=row.generation,
        reference=job_reference(newest, row.generation, row.job_id),
        status=row.status,
        role=", ".join(roles),
        service=row.service_type or "",
        client=checksum(client),
        provider=checksum(provider),
        budget=format_units(row.budget, decimals),
        earned=format_units(earned, decimals),
        spent=format_units(spent, decimals),
        symbol=row.symbol or "",
        created_at=row.created_at,
        settled_at=row.settled_at,
    )


def _money(row: Any, names: dict[bytes, str]) -> tuple[int, int]:
    """What a job brought and cost the home's keys, in the token's smallest unit; fees are part of what it cost."""
    earned = row.paid if bytes(row.provider) in names else 0
    is_paid_out = row.settled_at is not None and bytes(row.client) in names
    return earned, (row.paid + row.fee_treasury + row.fee_reporters) if is_paid_out else 0


def _totals(rows: list[Any], names: dict[bytes, str]) -> list[dict[str, Any]]:
    """Sums over the jobs shown, one for each token."""
    sums: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        total = sums.setdefault((row.symbol or "", row.decimals or 0), [0, 0, 0])
        for place, amount in enumerate((*_money(row, names), 1)):
            total[place] += amount
    return [
        {
            "symbol": symbol,
            "earned": format_units(earned, decimals),
            "spent": format_units(spent, decimals),
            "jobs": count,
        }
        for (symbol, decimals), (earned, spent, count) in sorted(sums.items())
    ]
