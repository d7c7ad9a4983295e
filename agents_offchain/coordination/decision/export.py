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
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.decisions import decision_ballots, decision_evidence, decisions

SCHEMA = "aitbc.decision-record/1"


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
        return [await exported(connection, row) for row in rows]


async def exported(connection: AsyncConnection, row: Any) -> Exported:
    """A row of `decisions` with everything that belongs to it."""
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
