"""Whether what the tables say of a decision is what was anchored on chain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from agents_offchain.coordination.decision.anchoring import Ledger, batch_leaves
from agents_offchain.coordination.decision.export import Exported, export_closed, merkle_root
from agents_offchain.primitives.canonical import sha256
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.decisions import decision_anchors

FIXED = ("schema", "consumer", "proposal", "council", "subject", "status", "outcome", "digest", "opened_at", "ballots")
"""What never changes once a decision is closed. A certificate may come to name other signers, evidence may grow."""


class Standing(StrEnum):
    """How a closed decision stands to the chain."""

    ANCHORED = "anchored"
    PLANNED = "planned"
    """In a batch whose root is not on the chain yet."""
    WAITING = "waiting"
    """In no batch yet."""
    ALTERED = "altered"
    """The tables say otherwise than what was anchored."""


@dataclass(frozen=True)
class Audited:
    """One closed decision; `root` is 32 bytes or none, `anchored_at` chain time, 0 while it is not on the chain."""

    consumer: str
    proposal: bytes
    standing: Standing
    root: bytes = b""
    anchored_at: int = 0
    reason: str = ""


async def audit(database: Database, ledger: Ledger, proposal: bytes | None = None) -> list[Audited]:
    """Every closed decision, or those of one name, compared with its anchored line, its batch and the chain.

    Raises:
        NodeUnavailable: the chain cannot be asked.
    """
    dates: dict[bytes, int] = {}
    found = []
    for item in await export_closed(database):
        if proposal is None or item.proposal == proposal:
            found.append(await _audited(database, ledger, item, dates))
    return found


async def _audited(database: Database, ledger: Ledger, item: Exported, dates: dict[bytes, int]) -> Audited:
    mine = (decision_anchors.c.consumer == item.consumer) & (decision_anchors.c.proposal == item.proposal)
    async with database.read() as connection:
        row = (await connection.execute(select(decision_anchors).where(mine))).first()
    if row is None:
        return Audited(item.consumer, item.proposal, Standing.WAITING)
    root = bytes(row.root)
    if root not in dates:
        dates[root] = await ledger.anchored_at(root)
    reason = _difference(item, row)
    if not reason and merkle_root(await batch_leaves(database, item.consumer, root)) != root:
        reason = "Its batch does not lead to the root."
    standing = Standing.ALTERED if reason else Standing.ANCHORED if dates[root] else Standing.PLANNED
    return Audited(item.consumer, item.proposal, standing, root, dates[root], reason)


def _difference(item: Exported, row: Any) -> str:
    """What is wrong with the anchored line, or with the tables beside it; empty when nothing is."""
    line = item.line if row.line is None else bytes(row.line)
    if sha256(b"\x00" + line) != bytes(row.leaf):
        return "The line that was anchored is not the one that is kept."
    then, now = json.loads(line), json.loads(item.line)
    changed = [name for name in FIXED if then[name] != now[name]]
    return f"Changed since it was anchored: {', '.join(changed)}." if changed else ""
