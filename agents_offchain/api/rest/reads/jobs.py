"""Jobs with their terms, verdict and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from agents_offchain.api.rest.errors import IndexBehind, NotFound
from agents_offchain.api.rest.models import (
    DisputeOut,
    EventOut,
    JobDetailOut,
    JobOut,
    Page,
    PayoutOut,
    ProgressOut,
    VerdictOut,
)
from agents_offchain.api.rest.paging import after, decode_cursor, encode_cursor
from agents_offchain.api.rest.reads.shared import Reader, address_text, hash_text, id_text, require_token
from agents_offchain.chain.addresses import JobName
from agents_offchain.storage.artifacts.cid import digest_to_cid, parse_cid
from agents_offchain.storage.artifacts.errors import CidInvalid
from agents_offchain.storage.tables.generations import same
from agents_offchain.storage.tables.journal import progress
from agents_offchain.storage.tables.read_model import (
    agent_listings,
    agents,
    disputes,
    events,
    jobs,
    policies,
    tokens,
    verdicts,
)
from agents_offchain.storage.tables.read_model import marketplace_transactions as movements

MAX_PROGRESS = 200
MAX_EVENTS = 200
_ORDER = "jobs"
_PAYOUT_KINDS = {
    "released": "provider",
    "refunded": "client",
    "fee_treasury": "treasury",
    "fee_reporters": "reporters",
}


class JobStatus(StrEnum):
    """ERC-8183 states."""

    OPEN = "open"
    FUNDED = "funded"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"


async def list_jobs(
    reader: Reader,
    *,
    client: bytes | None,
    provider: bytes | None,
    agent_id: int | None = None,
    status: JobStatus | None,
    limit: int,
    cursor: str | None,
) -> Page[JobOut]:
    """Jobs, newest first."""
    query = _rows()
    for column, value in (
        (jobs.c.client, client),
        (jobs.c.provider, provider),
        (jobs.c.agent_id, agent_id),
        (jobs.c.status, status.value if status else None),
    ):
        if value is not None:
            query = query.where(column == value)
    keys = decode_cursor(cursor, _ORDER, 2)
    ordered = after(query, [jobs.c.generation, jobs.c.job_id], keys, is_descending=True).limit(limit + 1)
    rows = (await reader.connection.execute(ordered)).all()
    more = encode_cursor(_ORDER, [rows[limit - 1].generation, rows[limit - 1].job_id]) if len(rows) > limit else None
    shown = rows[:limit]
    names = await _agent_names(reader, shown)
    return Page(items=[JobOut(**_fields(reader, row, names)) for row in shown], next_cursor=more)


async def read_job(reader: Reader, job: JobName) -> JobDetailOut:
    """One job with its events, progress and payouts.

    Raises:
        NotFound: the index knows no such job.
    """
    is_it = (jobs.c.generation == job.generation) & (jobs.c.job_id == job.job_id)
    row = (await reader.connection.execute(_rows().where(is_it))).one_or_none()
    if row is None:
        called = reader.deployment.reference(job.generation, job.job_id)
        raise NotFound(f"There is no job {called}.", mend="A job shows up once its block is indexed.")
    return JobDetailOut(
        **_fields(reader, row, await _agent_names(reader, [row])),
        events=await _events(reader, job),
        progress=await _progress(reader, job),
        payouts=await _payouts(reader, job),
    )


def settleable_at(row: Any, oracle: bytes) -> int | None:
    """From when anybody may settle a submitted house job; None in any other state and when it is disputed."""
    if row.opened_at is not None:
        return None
    if row.status != JobStatus.SUBMITTED or row.evaluator != oracle or row.review_seconds is None:
        return None
    if row.posted_at is not None:
        return int(row.posted_at + row.review_seconds)
    return int(row.submitted_at + row.verdict_seconds + row.review_seconds)


def signers_of(bitmap: int, reporters: Sequence[bytes]) -> list[str]:
    """Addresses whose bits are set, in the oracle's order."""
    return [address_text(reporter) for place, reporter in enumerate(reporters) if bitmap >> place & 1]


def request_cid_of(description: str) -> str | None:
    """The CID of an `ipfs://<cid>` description, None when it is something else."""
    if not description.startswith("ipfs://"):
        return None
    try:
        return str(parse_cid(description))
    except CidInvalid:
        return None


def _rows() -> Select[Any]:
    return (
        select(
            jobs,
            policies.c.token,
            policies.c.verdict_seconds,
            policies.c.review_seconds,
            policies.c.court_seconds,
            policies.c.grace_seconds,
            tokens.c.symbol,
            tokens.c.decimals,
            verdicts.c.score,
            verdicts.c.report_hash,
            verdicts.c.signer_bitmap,
            verdicts.c.posted_at,
            *(column for column in disputes.c if column.name not in ("job_id", "generation")),
            agents.c.uri.label("agent_uri"),
            agent_listings.c.service_type,
        )
        .outerjoin(agents, agents.c.agent_id == jobs.c.agent_id)
        .outerjoin(agent_listings, same(agent_listings, jobs, "listing_id"))
        .outerjoin(policies, same(policies, jobs, "policy_id"))
        .outerjoin(tokens, tokens.c.address == policies.c.token)
        .outerjoin(verdicts, same(verdicts, jobs, "job_id"))
        .outerjoin(disputes, same(disputes, jobs, "job_id"))
    )


async def _agent_names(reader: Reader, rows: Sequence[Any]) -> dict[str, str]:
    """What the agents of some jobs call themselves, by URI: their words, shown and never trusted."""
    cards = await reader.cards.read(row.agent_uri for row in rows if row.agent_uri is not None)
    return {uri: card.name for uri, card in cards.items()}


def _fields(reader: Reader, row: Any, names: Mapping[str, str]) -> dict[str, Any]:
    if row.token is None:
        raise IndexBehind(f"The index does not know the policy of job {row.job_id} yet.")
    symbol, decimals = require_token(row)
    generation = reader.deployment.of_generation(row.generation)
    tail_seconds = row.verdict_seconds + row.review_seconds + row.court_seconds + row.grace_seconds
    return {
        "job_id": str(row.job_id),
        "generation": row.generation,
        "reference": reader.deployment.reference(row.generation, row.job_id),
        "client": address_text(row.client),
        "provider": address_text(row.provider),
        "evaluator": address_text(row.evaluator),
        "agent_id": id_text(row.agent_id),
        "agent_name": names.get(row.agent_uri) or None,
        "service_type": row.service_type,
        "listing_id": id_text(row.listing_id),
        "policy_id": row.policy_id,
        "token": address_text(row.token),
        "symbol": symbol,
        "decimals": decimals,
        "budget": str(row.budget),
        "status": row.status,
        "description": row.description,
        "request_cid": request_cid_of(row.description),
        "deliverable": hash_text(row.deliverable),
        "result_cid": None if row.deliverable is None else digest_to_cid(row.deliverable),
        "reason": None if row.reason is None else _reason_text(row.reason),
        "created_at": row.created_at,
        "work_by": row.expired_at - tail_seconds,
        "expired_at": row.expired_at,
        "funded_at": row.funded_at,
        "submitted_at": row.submitted_at,
        "settled_at": row.settled_at,
        "verdict": _verdict(row, generation.reporters),
        "dispute": _dispute(row),
        "settleable_at": settleable_at(row, generation.address("ResultOracle")),
    }


def _verdict(row: Any, reporters: Sequence[bytes]) -> VerdictOut | None:
    if row.posted_at is None:
        return None
    return VerdictOut(
        score=row.score,
        report_hash="0x" + row.report_hash.hex(),
        report_cid=digest_to_cid(row.report_hash),
        posted_at=row.posted_at,
        signers=signers_of(row.signer_bitmap, reporters),
    )


def _dispute(row: Any) -> DisputeOut | None:
    if row.opened_at is None:
        return None
    return DisputeOut(
        party=address_text(row.party),
        is_by_client=row.is_by_client,
        bond=str(row.bond),
        is_countered=row.is_countered,
        evidence=hash_text(row.evidence) if any(row.evidence) else None,
        court_dispute_id=id_text(row.dispute_id),
        opened_at=row.opened_at,
        rule_by=row.rule_by,
        ended_at=row.ended_at,
        is_by_court=row.is_by_court,
        provider_bps=row.provider_bps,
        is_overturned=row.is_overturned,
    )


def _reason_text(reason: bytes) -> str:
    """Our contracts' reasons are short ASCII; a stranger's may be any 32 bytes, shown as hex."""
    text = reason.rstrip(b"\0")
    if text.isascii() and text.decode("ascii").isprintable():
        return text.decode("ascii")
    return "0x" + reason.hex()


async def _events(reader: Reader, job: JobName) -> list[EventOut]:
    query = (
        select(events)
        .where(events.c.generation == job.generation, events.c.entity == "job", events.c.entity_id == job.job_id)
        .order_by(events.c.block_number, events.c.log_index)
        .limit(MAX_EVENTS)
    )
    return [
        EventOut(
            name=row.name,
            contract=row.contract,
            tx_hash="0x" + row.tx_hash.hex(),
            block_number=row.block_number,
            log_index=row.log_index,
            at=row.block_time,
            args=row.args,
        )
        for row in await reader.connection.execute(query)
    ]


async def _progress(reader: Reader, job: JobName) -> list[ProgressOut]:
    query = (
        select(progress.c.at, progress.c.stage, progress.c.detail, progress.c.source)
        .where(progress.c.job_key == reader.deployment.of_generation(job.generation).job_key(job.job_id))
        .order_by(progress.c.id.desc())
        .limit(MAX_PROGRESS)
    )
    rows = (await reader.connection.execute(query)).all()
    return [ProgressOut(at=row.at, source=row.source, stage=row.stage, detail=row.detail) for row in reversed(rows)]


async def _payouts(reader: Reader, job: JobName) -> list[PayoutOut]:
    query = (
        select(movements)
        .where(
            movements.c.generation == job.generation,
            movements.c.job_id == job.job_id,
            movements.c.kind.in_(_PAYOUT_KINDS),
        )
        .order_by(movements.c.block_number, movements.c.log_index, movements.c.kind.desc())
    )
    return [
        PayoutOut(to=address_text(row.to_address), amount=str(row.amount), kind=_PAYOUT_KINDS[row.kind])
        for row in await reader.connection.execute(query)
    ]
