"""`aitbc api-key`: keys of services, made, rotated, revoked and listed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from agents_offchain.api.rest.access.api_keys import ApiKey, ApiKeys
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import home_database, moment, note, show_table
from agents_offchain.primitives.settings import Settings


def run_create(settings: Settings, console: Console, name: str, scopes: Sequence[str], days: int | None) -> int:
    return asyncio.run(_create(settings, console, name, scopes, days))


def run_rotate(settings: Settings, console: Console, key_id: str) -> int:
    return asyncio.run(_rotate(settings, console, key_id))


def run_revoke(settings: Settings, console: Console, key_id: str) -> int:
    return asyncio.run(_revoke(settings, console, key_id))


def run_list(settings: Settings, console: Console) -> int:
    return asyncio.run(_list(settings, console))


async def _create(settings: Settings, console: Console, name: str, scopes: Sequence[str], days: int | None) -> int:
    async with home_database(settings) as database:
        key, text = await ApiKeys(database).create(name, scopes, days)
    note(settings, console, "api_key_created", id=key.id, name=key.name, scopes=list(key.scopes))
    return _show_new(console, key, text)


async def _rotate(settings: Settings, console: Console, key_id: str) -> int:
    async with home_database(settings) as database:
        key, text = await ApiKeys(database).rotate(key_id)
    note(settings, console, "api_key_rotated", id=key.id, old=key_id)
    return _show_new(console, key, text)


async def _revoke(settings: Settings, console: Console, key_id: str) -> int:
    async with home_database(settings) as database:
        key = await ApiKeys(database).revoke(key_id)
    note(settings, console, "api_key_revoked", id=key.id)
    console.document({"revoked": asdict(key)})
    console.line(f"{key.id} ({key.name}) is good for nothing from now on.")
    return 0


async def _list(settings: Settings, console: Console) -> int:
    async with home_database(settings) as database:
        keys = await ApiKeys(database).list()
    console.document({"keys": [asdict(key) for key in keys]})
    rows = [
        (key.id, key.name, " ".join(key.scopes), moment(key.created_at), moment(key.expires_at), moment(key.revoked_at))
        for key in keys
    ]
    heads = ("key", "name", "may", "made (UTC)", "expires", "revoked")
    show_table(console, heads, rows, empty="There are no API keys.")
    return 0


def _show_new(console: Console, key: ApiKey, text: str) -> int:
    console.document({"key": text, **asdict(key)})
    console.line(text)
    console.line("This is the only time it is shown. Send it as the header X-Api-Key.")
    return 0
