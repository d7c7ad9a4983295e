"""The story of one hire, step by step: choose, store, pay once, wait, check, save, accept if wished."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.proxies.job_escrow import Job, JobEscrowProxy, JobStatus
from agents_offchain.chain.proxies.result_oracle import ResultOracleProxy
from agents_offchain.cli.console import Console
from agents_offchain.cli.hire import payment
from agents_offchain.cli.hire.choice import Choice, choose
from agents_offchain.cli.hire.record import (
    Details,
    HireRecord,
    Input,
    load_record,
    new_request_id,
    read_details,
    read_input,
    require_newest,
    require_request_id,
    require_same,
    result_folder,
    save_record,
)
from agents_offchain.cli.hire.result import read_deliverable, save_result
from agents_offchain.cli.hire.told import require_settings
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.operate.home import moment
from agents_offchain.cli.places import run_files
from agents_offchain.cli.steps import StepList, choose_display
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.errors import Retryable
from agents_offchain.primitives.hexes import checksum, encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import TOKEN_DECIMALS, format_tokens, parse_units
from agents_offchain.runtime.documents import RequestDocument, RequestInput, criteria_of
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, OutboxItem
from agents_offchain.storage.tables.journal import progress

POLL_SECONDS = 0.3
ENDED_OTHERWISE = 1
STILL_WAITING = 75
TITLES = {
    "store": "Store the input and the request",
    "pay": "Lock the pay in the escrow",
    "work": "The agent works and hands its result over",
    "save": "Check the result's digest and save it",
    "accept": "Accept: the agent is paid",
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class HireWishes:
    """What was said on the command line."""

    wanted: str
    file: Path | None = None
    text: str | None = None
    attachments: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()
    note: str = ""
    max_price: str | None = None
    key: str = "client"
    request_id: str | None = None
    out: Path | None = None
    waits: bool = True
    accepts: bool = False
    timeout_seconds: float = 600.0


@dataclass(frozen=True)
class Wanted:
    """What is asked for, read and checked; `cap` in the token's smallest unit."""

    given: Input
    details: Details
    cap: int | None
    request_id: str


@dataclass
class Hired:
    """What is known of the job so far; the receipt is made of it."""

    record: HireRecord
    job_id: int
    reference: str
    paid: OutboxItem
    job: Job | None = None
    deliverable: bytes = b""
    files: tuple[Path, ...] = ()
    result: dict[str, Any] | None = None
    accepted: OutboxItem | None = None
    settles_at: int | None = None


def run_hire(
    settings: Settings, wishes: HireWishes, console: Console, on_paid: Callable[[str], None] = lambda job: None
) -> int:
    """Exit code 0 with a saved result (a paid job, without waiting), 1 when the job ended otherwise, 75 at timeout.

    Args:
        on_paid: Is told the job's key once it is paid, by this run or one before.
    """
    given = read_input(wishes.file, wishes.text, settings.artifact_max_bytes)
    details = read_details(wishes.attachments, wishes.settings, settings.artifact_max_bytes)
    cap = None if wishes.max_price is None else _price(wishes.max_price)
    request_id = require_request_id(wishes.request_id or new_request_id())
    return asyncio.run(_hire(settings, wishes, console, Wanted(given, details, cap, request_id), on_paid))


async def _hire(
    settings: Settings, wishes: HireWishes, console: Console, asked: Wanted, on_paid: Callable[[str], None]
) -> int:
    request_id = asked.request_id
    wanted = ["store", "pay", *(["work", "save"] if wishes.waits else []), *(["accept"] if wishes.accepts else [])]
    steps = StepList({name: TITLES[name] for name in wanted}, choose_display(console, is_terminal=sys.stdout.isatty()))
    console.line(f"Request {request_id}; the same command with --request-id {request_id} goes on with it.")
    async with connections(settings, "hire") as around, _one_at_a_time(settings, wishes.key):
        wallet = await around.wallet(wishes.key)
        with steps:
            async with steps.step("store") as say:
                record, choice = await _recorded(around, wallet, wishes, asked)
                say(f"listing {record.listing_id}, {format_tokens(record.price)}, {record.request_cid}")
            newest, around = around.deployment, around.in_generation(record.generation)
            async with steps.step("pay") as say:
                hired = await _paid(around, wallet, record, choice, newest, say)
                on_paid(around.deployment.job_key(hired.job_id))
            if wishes.waits:
                async with steps.step("work") as say:
                    hired.job = await _worked(around, hired.job_id, wishes.timeout_seconds, say)
            is_delivered = hired.job is not None and hired.job.status in (JobStatus.SUBMITTED, JobStatus.COMPLETED)
            if is_delivered:
                async with steps.step("save") as say:
                    folder = wishes.out or result_folder(settings, record.generation, hired.job_id)
                    await _saved(around, hired, folder, say)
            if is_delivered and wishes.accepts:
                async with steps.step("accept") as say:
                    await _accepted(around, wallet, hired, say)
    _say_receipt(console, hired, wishes)
    if not wishes.waits or is_delivered:
        return 0
    return STILL_WAITING if hired.job is None or not hired.job.status.is_final else ENDED_OTHERWISE


async def _recorded(
    around: Connections, wallet: Wallet, wishes: HireWishes, asked: Wanted
) -> tuple[HireRecord, Choice | None]:
    """What the request id stands for: as it was written, or chosen, stored and written now."""
    known = load_record(around.settings, asked.request_id)
    if known is not None:
        require_same(known, asked.given, asked.details, wishes.key, wishes.note)
        if await payment.find_payment(wallet, known.request_id) is None:
            require_newest(known, around.deployment.generation)
        return known, None
    choice = await choose(around, wishes.wanted, asked.cap)
    require_settings(choice.service, asked.details.settings)
    request = RequestDocument(
        service=choice.service,
        listing_id=choice.listing_id,
        input=await _store(around, asked.given),
        attachments=[await _store(around, more) for more in asked.details.attachments],
        settings=asked.details.settings,
        criteria=criteria_of(choice.service),
        note=wishes.note,
    )
    request_cid = await around.artifacts.put(canonical_json(request.as_dict()))
    record = HireRecord(
        request_id=asked.request_id,
        key=wishes.key,
        listing_id=choice.listing_id,
        price=int(choice.price),
        input_sha256=asked.given.sha256_hex,
        note=wishes.note,
        request_cid=request_cid,
        details_sha256=asked.details.sha256_hex,
        generation=around.deployment.generation,
        service=choice.service,
    )
    save_record(around.settings, record)
    return record, choice


async def _store(around: Connections, given: Input) -> RequestInput:
    cid = await around.artifacts.put(given.data)
    return RequestInput(cid=cid, media_type=given.media_type, bytes=len(given.data), sha256=given.sha256_hex)


async def _paid(
    around: Connections, wallet: Wallet, record: HireRecord, choice: Choice | None, newest: Deployment, say: Say
) -> Hired:
    """The job of a request id: found, waited for, or paid now."""
    item = await payment.find_payment(wallet, record.request_id)
    if item is None or item.status != CONFIRMED:
        choice = choice or await choose(around, str(record.listing_id), record.price)
        if item is None:
            say(await payment.ensure_money(around, wallet, choice.price))
        item = await payment.pay(around, wallet, record, choice)
    else:
        say("it was paid before")
    job_id = await payment.job_of(wallet, item)
    reference = newest.reference(record.generation, job_id)
    say(f"job {reference}")
    return Hired(record, job_id, reference, item)


async def _worked(around: Connections, job_id: int, timeout_seconds: float, say: Say) -> Job | None:
    """Wait until the job is handed over or has ended; None at timeout. What daemons say meanwhile is shown."""
    escrow = JobEscrowProxy.of(around.node, around.deployment)
    deadline, shown = time.monotonic() + timeout_seconds, 0
    while time.monotonic() < deadline:
        with contextlib.suppress(Retryable):
            for line in (await _progress(around.database, around.deployment.job_key(job_id)))[shown:]:
                shown += 1
                say(line)
            job = await escrow.job(job_id)
            if job.status >= JobStatus.SUBMITTED:
                return job
        await asyncio.sleep(POLL_SECONDS)
    say("not handed over yet")
    return None


async def _progress(database: Database, job_key: str) -> list[str]:
    query = select(progress).where(progress.c.job_key == job_key).order_by(progress.c.id)
    async with database.read() as connection:
        return [f"{row.source}: {row.detail or row.stage}" for row in (await connection.execute(query)).all()]


async def _saved(around: Connections, hired: Hired, folder: Path, say: Say) -> None:
    escrow = around.deployment.address("JobEscrow")
    first = hired.paid.block_number or around.deployment.deployed_at_block
    hired.deliverable = await read_deliverable(around.node, escrow, hired.job_id, first)
    hired.result, files = await save_result(
        around.artifacts, hired.deliverable, hired.record.request_cid, hired.job_id, folder
    )
    hired.files = tuple(files)
    oracle = ResultOracleProxy(around.node, around.deployment.address("ResultOracle"))
    hired.settles_at = await oracle.settleable_at(hired.job_id)
    say(f"{len(files)} files in {folder}")


async def _accepted(around: Connections, wallet: Wallet, hired: Hired, say: Say) -> None:
    if hired.job is not None and hired.job.status == JobStatus.SUBMITTED:
        hired.accepted = await payment.accept(around, wallet, hired.record, hired.job_id)
    hired.job = await JobEscrowProxy.of(around.node, around.deployment).job(hired.job_id)
    say(f"the job is {hired.job.status.name.lower()}")


def _say_receipt(console: Console, hired: Hired, wishes: HireWishes) -> None:
    status = hired.job.status.name.lower() if hired.job is not None else "funded"
    price, paid = format_tokens(hired.record.price), hired.paid
    tx_hash = encode_hex(paid.tx_hash or b"")
    console.document(
        {
            "request_id": hired.record.request_id,
            "job_id": hired.job_id,
            "reference": hired.reference,
            "status": status,
            "listing_id": hired.record.listing_id,
            "provider": checksum(hired.job.provider) if hired.job is not None else None,
            "price": price,
            "transaction": {"tx": tx_hash, "block": paid.block_number, "gas": paid.gas_used},
            "accepted": encode_hex(hired.accepted.tx_hash or b"") if hired.accepted is not None else None,
            "deliverable": encode_hex(hired.deliverable) if hired.deliverable else None,
            "files": [str(path) for path in hired.files],
            "output": hired.result.get("output") if hired.result is not None else None,
            "settles_at": hired.settles_at,
        }
    )
    console.line(f"\njob {hired.reference} is {status}")
    console.line(f"  price        {price}, locked by {tx_hash} in block {paid.block_number}")
    if hired.deliverable:
        console.line(f"  deliverable  {encode_hex(hired.deliverable)} (SHA-256, as on chain)")
    for path in hired.files:
        console.line(f"  file         {path}")
    if status == "submitted":
        when = f" at {moment(hired.settles_at)} UTC" if hired.settles_at else ""
        again = f"`aitbc hire ... --request-id {hired.record.request_id} --accept`"
        console.line(f"  next         nothing: it is settled by itself{when}; {again} pays now")
    elif hired.job is None and wishes.waits:
        console.line(f"  next         the same command with --request-id {hired.record.request_id} waits on")


@contextlib.asynccontextmanager
async def _one_at_a_time(settings: Settings, key: str) -> Any:
    """One hire of a wallet at a time in a home: two would draw on one allowance."""
    lock = DaemonLock(run_files(settings), f"wallet.{key}", f"A hire by the key {key}")
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _price(text: str) -> int:
    try:
        return parse_units(text, TOKEN_DECIMALS)
    except ValueError as error:
        from agents_offchain.cli.hire.choice import ListingUnsuitable

        raise ListingUnsuitable(f"--max-price {text[:40]!r} is no price.", mend="Write it as 1.50.") from error
