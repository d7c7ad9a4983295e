"""`aitbc agent list | show | schema`: what agents a home has, and how each stands."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from typing import Any

from agents_offchain.cli.agents.book import Entry, entries, find
from agents_offchain.cli.agents.view import AgentView, Left, chain_facts, read_unsettled, view_agent
from agents_offchain.cli.console import Console
from agents_offchain.cli.market import OpenListing
from agents_offchain.cli.operate.connections import connections
from agents_offchain.cli.operate.home import HomeDown, home_database, is_up, show_table
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens, format_units
from agents_offchain.runtime.profiles.profile import Profile

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def run_list(settings: Settings, console: Console, *, is_all: bool) -> int:
    return asyncio.run(_list(settings, console, is_all=is_all))


def run_show(settings: Settings, console: Console, name: str) -> int:
    return asyncio.run(_show(settings, console, find(settings, name)))


def run_schema(console: Console) -> int:
    """The JSON schema of a profile; editors that know TOML schemas take it."""
    schema = {"$schema": SCHEMA_ID, **Profile.model_json_schema(), "title": "AITBC agent profile"}
    print(json.dumps(schema, indent=None if console.is_json else 2))
    return 0


async def _list(settings: Settings, console: Console, *, is_all: bool) -> int:
    found = entries(settings, with_retired=is_all)
    async with home_database(settings) as database:
        views = [await view_agent(settings, entry, database) for entry in found]
    console.document({"agents": [_as_dict(view, entry) for view, entry in zip(views, found, strict=True)]})
    heads = ("agent", "state", "process", "in hand", "jobs", "earned", "offers")
    rows = [
        (
            v.name,
            v.state,
            v.pid,
            v.left.in_hand,
            v.jobs_done,
            format_tokens(v.earned),
            _offers(e.profile),
        )
        for v, e in zip(views, found, strict=True)
    ]
    show_table(console, heads, rows, empty="There are no agents; `aitbc agent new` makes one.")
    return 0


async def _show(settings: Settings, console: Console, entry: Entry) -> int:
    view = await _whole_view(settings, entry)
    console.document(_as_dict(view, entry))
    console.line(f"{view.title}  ({view.name}, {view.state}{f', process {view.pid}' if view.pid else ''})")
    for label, value in _facts(view, entry):
        console.line(f"  {label:<11} {value}")
    return 0


async def _whole_view(settings: Settings, entry: Entry) -> AgentView:
    """With what the chain says, where a node can be asked."""
    if is_up(settings):
        async with AsyncExitStack() as stack:
            try:
                around = await stack.enter_async_context(connections(settings, "agent show"))
                view = await view_agent(settings, entry, around.database)
                if view.address is None:
                    return view
                unsettled = await read_unsettled(around, entry.profile.daemon_name, view.address)
                left = Left(view.left.in_hand, view.left.transactions, unsettled)
                return replace(view, left=left, **await chain_facts(around, view.address))
            except HomeDown:
                raise
            except AitbcError:
                pass  # the node does not answer: say what the tables know
    async with home_database(settings) as database:
        return await view_agent(settings, entry, database)


def _facts(view: AgentView, entry: Entry) -> list[tuple[str, str]]:
    left = view.left
    facts = [
        ("profile", str(entry.path)),
        ("key", f"{view.key} {checksum(view.address) if view.address else '(not in this home)'}"),
        ("offers", _offers(entry.profile)),
        ("earned", f"{format_tokens(view.earned)} in {view.jobs_done} jobs"),
        ("in hand", f"{left.in_hand} jobs, {left.transactions} transactions on their way"),
    ]
    if left.unsettled:
        facts.append(("not settled", "job " + ", ".join(map(str, left.unsettled))))
    if view.credit is not None:
        facts.append(("credit", f"{format_tokens(view.credit)} to withdraw"))
    if view.gas_wei is not None:
        facts.append(("gas", f"{format_units(view.gas_wei, 18)} of the chain's coin"))
    for listing in view.listings:
        word = "" if listing.is_available else " (off the market)"
        facts.append(("listing", f"{listing.listing_id}: {listing.service} at {format_tokens(listing.price)}{word}"))
    return facts


def _offers(profile: Profile) -> str:
    return ", ".join(f"{service.type} {service.price}" for service in profile.services)


def _listing(listing: OpenListing) -> dict[str, Any]:
    return {**asdict(listing), "price": format_tokens(listing.price)}


def _as_dict(view: AgentView, entry: Entry) -> dict[str, Any]:
    return {
        "name": view.name,
        "title": view.title,
        "state": view.state,
        "pid": view.pid,
        "daemon": entry.profile.daemon_name,
        "profile": str(entry.path),
        "key": view.key,
        "address": checksum(view.address) if view.address else None,
        "agent_id": view.agent_id,
        "in_hand": view.left.in_hand,
        "transactions": view.left.transactions,
        "unsettled": list(view.left.unsettled),
        "jobs_done": view.jobs_done,
        "earned": format_tokens(view.earned),
        "credit": None if view.credit is None else format_tokens(view.credit),
        "gas_wei": None if view.gas_wei is None else str(view.gas_wei),
        "services": [service.model_dump(mode="json") for service in entry.profile.services],
        "listings": [_listing(listing) for listing in view.listings],
    }
