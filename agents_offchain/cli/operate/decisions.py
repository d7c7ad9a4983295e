"""`aitbc decisions`: what agents decided together, listed, shown, exported, anchored on chain and compared with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.proxies.decision_ledger import DecisionLedgerProxy
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.operate.home import HomeEmpty, home_database, moment, show_table
from agents_offchain.coordination.decision.anchoring import Anchorer, anchor_of
from agents_offchain.coordination.decision.audit import Audited, Standing, audit
from agents_offchain.coordination.decision.export import Exported, export_closed, merkle_root
from agents_offchain.coordination.decision.history import all_decisions
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.hexes import decode_hex, encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.outbox import Outbox, lane_name


class DecisionUnknown(HomeEmpty):
    """There is no such decision, or it is not closed."""


def run_list(settings: Settings, console: Console, status: str | None, limit: int) -> int:
    return asyncio.run(_list(settings, console, status, limit))


def run_show(settings: Settings, console: Console, proposal: str) -> int:
    return asyncio.run(_show(settings, console, proposal))


def run_export(settings: Settings, console: Console, file: Path) -> int:
    return asyncio.run(_export(settings, console, file))


def run_anchor(settings: Settings, console: Console, key: str) -> int:
    """Anchor what is closed now, with the key that pays, and wait until the chain has it."""
    return asyncio.run(_anchor(settings, console, key))


def run_verify(settings: Settings, console: Console, proposal: str | None) -> int:
    """Exit code 1 when a decision is not as it was anchored."""
    return asyncio.run(_verify(settings, console, proposal))


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


async def _anchor(settings: Settings, console: Console, key: str) -> int:
    async with connections(settings, "decisions") as around:
        wallet = await around.wallet(key)
        outbox = Outbox(around.database, lane_name(around.deployment.chain_id, await wallet.address()))
        anchorer = Anchorer(_ledger(around), outbox, around.database, SystemClock())
        await anchorer.anchor(closed_before=SystemClock().now_seconds())
        rows = []
        for intent in await anchorer.unsettled():
            root = bytes.fromhex(intent.intent_key.rpartition(":")[2])
            try:
                tx = (await wallet.send(intent)).tx_hash
            except ContractReverted:
                if not await _ledger(around).anchored_at(root):
                    raise
                tx = None  # somebody else was quicker
            rows.append({"root": encode_hex(root), "tx": encode_hex(tx) if tx else ""})
    console.document({"anchored": rows})
    cells = [(row["root"], row["tx"]) for row in rows]
    show_table(console, ("root", "transaction"), cells, empty="Every closed decision is anchored already.")
    return 0


async def _verify(settings: Settings, console: Console, proposal: str | None) -> int:
    name = None if proposal is None else decode_hex(proposal, 32)
    async with connections(settings, "decisions") as around:
        found = await audit(around.database, _ledger(around), name)
    if name is not None and not found:
        raise DecisionUnknown(
            f"There is no closed decision {str(proposal)[:80]}.", mend="`aitbc decisions list` shows them."
        )
    console.document({"decisions": [_audited(item) for item in found]})
    rows = [
        (encode_hex(item.proposal), item.consumer, item.standing.value, moment(item.anchored_at or None), item.reason)
        for item in found
    ]
    heads = ("proposal", "kept by", "standing", "on chain (UTC)", "why")
    show_table(console, heads, rows, empty="Nothing was decided yet.")
    return 1 if any(item.standing is Standing.ALTERED for item in found) else 0


def _ledger(around: Connections) -> DecisionLedgerProxy:
    return DecisionLedgerProxy(around.node, around.deployment.address("DecisionLedger"))


def _audited(item: Audited) -> dict[str, object]:
    return {
        "proposal": encode_hex(item.proposal),
        "consumer": item.consumer,
        "standing": item.standing.value,
        "root": encode_hex(item.root) if item.root else None,
        "anchored_at": item.anchored_at or None,
        "reason": item.reason,
    }


def _write(file: Path, found: list[Exported]) -> None:
    """Raises FileExistsError: a file of somebody's is never overwritten."""
    with file.open("xb") as stream:
        for item in found:
            stream.write(item.line + b"\n")
