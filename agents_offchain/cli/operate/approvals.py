"""`aitbc approvals`: what waits for a person, and the person's word."""

from __future__ import annotations

import asyncio
import getpass
import time
from dataclasses import asdict
from typing import Any

from agents_offchain.chain.signer.approvals import LIFE_SECONDS
from agents_offchain.chain.signer.seals import read_secret, seal_of
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import home_database, moment, note, show_table
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.approvals import APPROVED, WAITING, Approval, ApprovalBook


def run_list(settings: Settings, console: Console, *, is_all: bool) -> int:
    return asyncio.run(_list(settings, console, None if is_all else WAITING))


def run_decide(settings: Settings, console: Console, number: int, status: str, words: str) -> int:
    """Approve or deny; an approval holds for a day and for one transaction."""
    return asyncio.run(_decide(settings, console, number, status, words))


async def _list(settings: Settings, console: Console, status: str | None) -> int:
    async with home_database(settings) as database:
        found = await ApprovalBook(database).list(status)
    console.document({"approvals": [_as_dict(approval) for approval in found]})
    rows = [
        (a.id, a.status, a.question.subject, a.question.title, a.question.reason, moment(a.requested_at), a.decided_by)
        for a in found
    ]
    heads = ("no.", "status", "key", "what", "why", "asked (UTC)", "by")
    show_table(console, heads, rows, empty="Nothing waits for approval.")
    return 0


async def _decide(settings: Settings, console: Console, number: int, status: str, words: str) -> int:
    secret = read_secret(key_folder(settings))
    by = getpass.getuser()
    async with home_database(settings) as database:
        book = ApprovalBook(database)
        question = (await book.get(number)).question
        expires_at = float(int(time.time() + LIFE_SECONDS)) if status == APPROVED else None
        seal = seal_of(secret, number, question, status, expires_at)
        await book.decide(number, status, by=by, note=words, expires_at=expires_at, seal=seal)
        decided = await book.get(number)
    note(settings, console, status, approval=number, key=question.subject, what=question.title, by=by, words=words)
    console.document(_as_dict(decided))
    until = f", once, until {moment(expires_at)} UTC" if expires_at else ""
    console.line(f"{number}: {question.title} by {question.subject} is {status}{until}.")
    return 0


def _as_dict(approval: Approval) -> dict[str, Any]:
    fields = asdict(approval)
    question = fields.pop("question")
    question["effect"] = encode_hex(question["effect"])
    fields.pop("seal")
    return {**fields, **question}
