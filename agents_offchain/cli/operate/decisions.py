"""`aitbc decisions`: what agents decided together, listed, shown and exported."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import HomeEmpty, home_database, moment, show_table
from agents_offchain.coordination.decision.export import Exported, anchor_of, export_closed, merkle_root
from agents_offchain.coordination.decision.history import all_decisions
from agents_offchain.primitives.hexes import decode_hex, encode_hex
from agents_offchain.primitives.settings import Settings


class DecisionUnknown(HomeEmpty):
    """There is no such decision, or it is not closed."""


def run_list(settings: Settings, console: Console, status: str | None, limit: int) -> int:
    return asyncio.run(_list(settings, console, status, limit))


def run_show(settings: Settings, console: Console, proposal: str) -> int:
    return asyncio.run(_show(settings, console, proposal))


def run_export(settings: Settings, console: Console, file: Path) -> int:
    return asyncio.run(_export(settings, console, file))


async def _list(settings: Settings, console: Console, status: str | None, limit: int) -> int:
    async with home_database(settings) as database:
        found = await all_decisions(database, status=status, limit=limit)
    items = [
        {
            "proposal": encode_hex(record.proposal),
            "consumer": consumer,
            "status": record.status,
            "outcome": record.outcome,
            "reason": record.reason,
            "opened_at": record.opened_at,
            "closed_at": record.closed_at,
        }
        for consumer, record in found
    ]
    console.document({"decisions": items})
    rows = [
        (encode_hex(record.proposal), consumer, record.status, moment(record.opened_at), record.reason)
        for consumer, record in found
    ]
    show_table(
        console, ("proposal", "kept by", "status", "opened (UTC)", "why"), rows, empty="Nothing was decided yet."
    )
    return 0


async def _show(settings: Settings, console: Console, proposal: str) -> int:
    name = decode_hex(proposal, 32)
    async with home_database(settings) as database:
        found = [item for item in await export_closed(database) if item.proposal == name]
        anchors = [await anchor_of(database, item.consumer, name) for item in found]
    if not found:
        raise DecisionUnknown(
            f"There is no closed decision {proposal[:80]}.", mend="`aitbc decisions list` shows them."
        )
    shown = []
    for item, anchor in zip(found, anchors, strict=True):
        document = json.loads(item.line)
        if anchor is not None:
            proof = [["left" if is_left else "right", encode_hex(other)] for is_left, other in anchor[1]]
            document["anchor"] = {"root": encode_hex(anchor[0]), "leaf": encode_hex(item.leaf), "proof": proof}
        shown.append(document)
    console.document({"records": shown})
    console.line(json.dumps(shown, indent=2))
    return 0


async def _export(settings: Settings, console: Console, file: Path) -> int:
    async with home_database(settings) as database:
        found = await export_closed(database)
    root = merkle_root([item.leaf for item in found])
    _write(file, found)
    console.document({"file": str(file), "decisions": len(found), "root": encode_hex(root)})
    console.line(f"{len(found)} decisions are in {file}. Their root is {encode_hex(root)}.")
    return 0


def _write(file: Path, found: list[Exported]) -> None:
    """Raises FileExistsError: a file of somebody's is never overwritten."""
    with file.open("xb") as stream:
        for item in found:
            stream.write(item.line + b"\n")
