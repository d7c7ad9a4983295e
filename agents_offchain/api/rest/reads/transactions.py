"""Movements of money in the market (MK-15)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from agents_offchain.api.rest.models import Page, TransactionOut
from agents_offchain.api.rest.paging import after, decode_cursor, encode_cursor
from agents_offchain.api.rest.reads.shared import Reader, address_text, id_text, require_token
from agents_offchain.chain.addresses import JobName
from agents_offchain.primitives.units import format_units
from agents_offchain.storage.tables.generations import same
from agents_offchain.storage.tables.read_model import jobs, policies, tokens
from agents_offchain.storage.tables.read_model import marketplace_transactions as movements

_ORDER = "transactions"
_COLUMNS = (movements.c.block_number, movements.c.log_index, movements.c.job_id)


async def list_transactions(
    reader: Reader, *, job: JobName | None, agent_id: int | None, limit: int, cursor: str | None
) -> Page[TransactionOut]:
    """Movements, newest first. Both fees of a settlement come from one log and stay on one page."""
    query = (
        select(movements, tokens.c.symbol, tokens.c.decimals)
        .join(jobs, same(jobs, movements, "job_id"))
        .outerjoin(policies, same(policies, jobs, "policy_id"))
        .outerjoin(tokens, tokens.c.address == policies.c.token)
    )
    if job is not None:
        query = query.where(movements.c.generation == job.generation, movements.c.job_id == job.job_id)
    if agent_id is not None:
        query = query.where(movements.c.agent_id == agent_id)
    keys = decode_cursor(cursor, _ORDER, len(_COLUMNS))
    ordered = after(query, _COLUMNS, keys, is_descending=True).order_by(movements.c.kind).limit(limit + 2)
    rows = list((await reader.connection.execute(ordered)).all())
    cut = limit
    if len(rows) > limit and _place(rows[limit]) == _place(rows[limit - 1]):
        cut = limit + 1
    more = encode_cursor(_ORDER, _place(rows[cut - 1])) if len(rows) > cut else None
    return Page(items=[_out(reader, row) for row in rows[:cut]], next_cursor=more)


def _place(row: Any) -> list[int]:
    return [row.block_number, row.log_index, row.job_id]


def _out(reader: Reader, row: Any) -> TransactionOut:
    symbol, decimals = require_token(row)
    return TransactionOut(
        id=row.id,
        job_id=str(row.job_id),
        generation=row.generation,
        reference=reader.deployment.reference(row.generation, row.job_id),
        agent_id=id_text(row.agent_id),
        service_type=row.service_type,
        kind=row.kind,
        amount=str(row.amount),
        amount_decimal=format_units(row.amount, decimals),
        decimals=decimals,
        symbol=symbol,
        from_address=address_text(row.from_address),
        to_address=address_text(row.to_address),
        status=row.status,
        created_at=row.created_at,
        tx_hash="0x" + row.tx_hash.hex(),
        log_index=row.log_index,
        block_number=row.block_number,
    )
