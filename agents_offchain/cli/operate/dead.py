"""`aitbc dead`: what could not be handled or sent, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import home_database, moment, note, show_table
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.dead_letters import DeadLetters


def run_list(settings: Settings, console: Console) -> int:
    return asyncio.run(_list(settings, console))


def run_show(settings: Settings, console: Console, letter_id: str) -> int:
    return asyncio.run(_show(settings, console, letter_id))


def run_replay(settings: Settings, console: Console, letter_id: str) -> int:
    return asyncio.run(_replay(settings, console, letter_id))


def run_drop(settings: Settings, console: Console, letter_id: str, reason: str) -> int:
    return asyncio.run(_drop(settings, console, letter_id, reason))


async def _list(settings: Settings, console: Console) -> int:
    async with home_database(settings) as database:
        found = await DeadLetters(database).list()
    console.document({"letters": [asdict(letter) for letter in found]})
    rows = [(letter.id, letter.title, letter.attempts, moment(letter.at), letter.reason) for letter in found]
    show_table(console, ("letter", "what", "tries", "when (UTC)", "why"), rows, empty="There are no dead letters.")
    return 0


async def _show(settings: Settings, console: Console, letter_id: str) -> int:
    async with home_database(settings) as database:
        letter = await DeadLetters(database).get(letter_id)
    console.document(asdict(letter))
    console.line(json.dumps(asdict(letter), indent=2))
    return 0


async def _replay(settings: Settings, console: Console, letter_id: str) -> int:
    async with home_database(settings) as database:
        letter = await DeadLetters(database).replay(letter_id)
    note(settings, console, "dead_letter_replayed", letter=letter.id, reason=letter.reason[:200])
    console.document({"replayed": asdict(letter)})
    console.line(f"{letter.id}: {letter.owner} will take it up again.")
    return 0


async def _drop(settings: Settings, console: Console, letter_id: str, reason: str) -> int:
    async with home_database(settings) as database:
        letter = await DeadLetters(database).drop(letter_id, reason)
    note(settings, console, "dead_letter_dropped", letter=letter.id, reason=letter.reason[:200], words=reason)
    console.document({"dropped": asdict(letter)})
    console.line(f"{letter.id}: dropped.")
    return 0
