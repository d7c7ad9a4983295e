"""The history as files and as one digest on chain: every closed decision is a line, lines are leaves of a Merkle tree.

A line is the canonical JSON of everything that is kept of a decision, so whoever has the file can compute the root that
`DecisionLedger.anchor` holds and knows that nothing in it was changed, left out of a batch or added. Leaves and nodes
are hashed apart (RFC 9162, 2.1): SHA2-256 of 0x00 and the line, of 0x01 and two nodes; an odd node goes up as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.coordination.decision.history import OPEN
from agents_offchain.coordination.errors import NothingToAnchor
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Intent, Outbox
from agents_offchain.storage.tables.decisions import (
    decision_anchors,
    decision_ballots,
    decision_evidence,
    decisions,
)
from agents_offchain.storage.upsert import insert_new

SCHEMA = "aitbc.decision-record/1"
MAX_BATCH = 1_024


@dataclass(frozen=True)
class Exported:
    """One closed decision as a line; `leaf` is its hash in the tree."""

    consumer: str
    proposal: bytes
    line: bytes

    @property
    def leaf(self) -> bytes:
        return sha256(b"\x00" + self.line)


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root of at least one leaf.

    Raises:
        NothingToAnchor: there is none.
    """
    if not leaves:
        raise NothingToAnchor("No closed decision waits to be anchored.")
    level = list(leaves)
    while len(level) > 1:
        pairs = [level[place : place + 2] for place in range(0, len(level), 2)]
        level = [sha256(b"\x01" + pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def merkle_proof(leaves: Sequence[bytes], place: int) -> list[tuple[bool, bytes]]:
    """What leads from a leaf to the root: (is it on the left, its hash), from the bottom."""
    proof: list[tuple[bool, bytes]] = []
    level = list(leaves)
    while len(level) > 1:
        other = place ^ 1
        if other < len(level):
            proof.append((other < place, level[other]))
        pairs = [level[start : start + 2] for start in range(0, len(level), 2)]
        level = [sha256(b"\x01" + pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
        place //= 2
    return proof


def proven_root(leaf: bytes, proof: Sequence[tuple[bool, bytes]]) -> bytes:
    """The root that a proof leads to."""
    for is_left, other in proof:
        leaf = sha256(b"\x01" + (other + leaf if is_left else leaf + other))
    return leaf


async def export_closed(database: Database, consumer: str | None = None) -> list[Exported]:
    """Every closed decision, by the time it was opened."""
    async with database.read() as connection:
        query = select(decisions).where(decisions.c.status != OPEN)
        if consumer is not None:
            query = query.where(decisions.c.consumer == consumer)
        rows = (await connection.execute(query.order_by(decisions.c.opened_at, decisions.c.proposal))).all()
        return [await _exported(connection, row) for row in rows]


async def anchor_closed(
    database: Database, consumer: str, outbox: Outbox, ledger: bytes, calldata_of: Any, clock: Clock | None = None
) -> bytes:
    """Plan one transaction for all closed decisions of a consumer that no batch holds yet; the root.

    Which decision is in which batch and the intent are one transaction, so a batch is neither lost nor sent twice.

    Args:
        calldata_of: Root to the calldata of `DecisionLedger.anchor`.

    Raises:
        NothingToAnchor: everything is anchored.
    """
    now = (clock or SystemClock()).now_seconds()
    async with database.write() as connection:
        query = (
            select(decisions)
            .outerjoin(
                decision_anchors,
                (decision_anchors.c.consumer == decisions.c.consumer)
                & (decision_anchors.c.proposal == decisions.c.proposal),
            )
            .where(decisions.c.consumer == consumer, decisions.c.status != OPEN, decision_anchors.c.proposal.is_(None))
            .order_by(decisions.c.opened_at, decisions.c.proposal)
            .limit(MAX_BATCH)
        )
        batch = [await _exported(connection, row) for row in (await connection.execute(query)).all()]
        root = merkle_root([item.leaf for item in batch])
        rows = [
            {
                "consumer": consumer,
                "proposal": item.proposal,
                "leaf": item.leaf,
                "root": root,
                "place": place,
                "anchored_at": now,
            }
            for place, item in enumerate(batch)
        ]
        await insert_new(connection, decision_anchors, rows)
        intent = Intent(f"anchor:{root.hex()}", "anchor", ledger, calldata_of(root))
        await outbox.plan(connection, intent)
    return root


async def anchor_of(
    database: Database, consumer: str, proposal: bytes
) -> tuple[bytes, list[tuple[bool, bytes]]] | None:
    """The root of a decision's batch and the proof that leads there; None when it is in none."""
    mine = (decision_anchors.c.consumer == consumer) & (decision_anchors.c.proposal == proposal)
    async with database.read() as connection:
        row = (await connection.execute(select(decision_anchors).where(mine))).first()
        if row is None:
            return None
        same = (decision_anchors.c.root == row.root) & (decision_anchors.c.consumer == consumer)
        query = select(decision_anchors.c.leaf).where(same).order_by(decision_anchors.c.place)
        leaves = [bytes(leaf) for (leaf,) in (await connection.execute(query)).all()]
    return bytes(row.root), merkle_proof(leaves, row.place)


async def _exported(connection: AsyncConnection, row: Any) -> Exported:
    same = {"consumer": row.consumer, "proposal": row.proposal}
    ballots = select(decision_ballots).filter_by(**same).order_by(decision_ballots.c.voter, decision_ballots.c.ordinal)
    evidence = (
        select(decision_evidence)
        .filter_by(**same)
        .order_by(decision_evidence.c.member, decision_evidence.c.kind, decision_evidence.c.round)
    )
    document = {
        "schema": SCHEMA,
        "consumer": row.consumer,
        "proposal": encode_hex(bytes(row.proposal)),
        "council": encode_hex(bytes(row.council_id)),
        "subject": row.subject,
        "status": row.status,
        "outcome": row.outcome,
        "reason": row.reason,
        "certificate": row.certificate,
        "digest": encode_hex(bytes(row.digest)),
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
        "ballots": [
            {
                "voter": encode_hex(bytes(item.voter)),
                "choice": item.choice,
                "signature": encode_hex(bytes(item.signature)),
            }
            for item in (await connection.execute(ballots)).all()
        ],
        "evidence": [
            {
                "member": encode_hex(bytes(item.member)),
                "kind": item.kind,
                "round": item.round,
                "first": item.first,
                "second": item.second,
            }
            for item in (await connection.execute(evidence)).all()
        ],
    }
    return Exported(row.consumer, bytes(row.proposal), canonical_json(document))
