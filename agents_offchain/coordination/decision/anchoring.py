"""Closed decisions on chain, in batches: each goes into one batch, whose Merkle root `DecisionLedger.anchor` dates.

    closed ──batch due: its rows and the intent, one transaction──► planned ──`chain.sender`──► RootAnchored
                                        ▲── failed, and the root is not on the chain ──┘

What is anchored is kept as it was then. Later facts about the same decision (a certificate that names other signers,
more evidence) change the tables, never the anchored line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from sqlalchemy import ColumnElement, func, select

from agents_offchain.chain.proxies.decision_ledger import anchor_calldata
from agents_offchain.coordination.decision.export import exported, merkle_proof, merkle_root
from agents_offchain.coordination.decision.history import OPEN
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from agents_offchain.storage.tables.decisions import decision_anchors, decisions
from agents_offchain.storage.tables.journal import outbox as intents
from agents_offchain.storage.upsert import insert_new

log = structlog.get_logger(__name__)
MAX_BATCH = 1_024
KIND = "anchor"
_KEY = "anchor:"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 600.0
"""Between tries to anchor a root that was refused."""


class Ledger(Protocol):
    """Where roots are dated; `chain.proxies.decision_ledger.DecisionLedgerProxy` is one."""

    address: bytes

    async def anchored_at(self, root: bytes) -> int: ...


@dataclass
class Anchorer:
    """Anchors the decisions of every consumer of one database.

    Args:
        outbox: Of the account that pays.
        batch: So many closed decisions of a consumer are anchored at once, without waiting.
        patience_seconds: The oldest closed decision waits no longer for company.
        look_seconds: Between two looks at the tables.
    """

    ledger: Ledger
    outbox: Outbox
    database: Database
    clock: Clock
    batch: int = MAX_BATCH
    patience_seconds: float = 60.0
    look_seconds: float = 5.0
    _next_look: float = field(default=0.0, init=False)
    _next_try: dict[bytes, tuple[float, float]] = field(default_factory=dict, init=False)

    async def step(self) -> int:
        """Plan the batches that are due, and again what was refused; how many intents were planned."""
        now = self.clock.now_seconds()
        if now < self._next_look:
            return 0
        self._next_look = now + self.look_seconds
        roots = await self.anchor(closed_before=now - self.patience_seconds)
        return len(roots) + await self._try_again(now)

    async def anchor(self, *, closed_before: float) -> list[bytes]:
        """Plan one transaction for each batch with a decision closed by then, and each full batch; their roots."""
        roots = []
        while due := await self._due(closed_before):
            for consumer in due:
                roots.append(await self._anchor(consumer))
        return [root for root in roots if root]

    async def unsettled(self) -> list[Intent]:
        """The intents of batches that are not confirmed on the chain yet, oldest first."""
        mine = (intents.c.lane == self.outbox.lane) & (intents.c.kind == KIND) & (intents.c.status != CONFIRMED)
        async with self.database.read() as connection:
            keys = (await connection.execute(select(intents.c.intent_key).where(mine).order_by(intents.c.id))).scalars()
            roots = [bytes.fromhex(key.removeprefix(_KEY)) for key in keys]
        return [self._intent(root) for root in roots if not await self.ledger.anchored_at(root)]

    async def _due(self, closed_before: float) -> list[str]:
        waiting = func.count().label("waiting")
        query = _unanchored(select(decisions.c.consumer)).group_by(decisions.c.consumer)
        query = query.having((func.min(decisions.c.closed_at) <= closed_before) | (waiting >= self.batch))
        async with self.database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def _anchor(self, consumer: str) -> bytes:
        """Which decision is in which batch and the intent are one transaction: neither lost nor planned twice."""
        now = self.clock.now_seconds()
        async with self.database.write() as connection:
            query = _unanchored(select(decisions), decisions.c.consumer == consumer)
            query = query.order_by(decisions.c.opened_at, decisions.c.proposal).limit(self.batch)
            batch = [await exported(connection, row) for row in (await connection.execute(query)).all()]
            if not batch:  # another process was quicker
                return b""
            root = merkle_root([item.leaf for item in batch])
            rows = [
                {
                    "consumer": consumer,
                    "proposal": item.proposal,
                    "leaf": item.leaf,
                    "root": root,
                    "place": place,
                    "anchored_at": now,
                    "line": item.line,
                }
                for place, item in enumerate(batch)
            ]
            await insert_new(connection, decision_anchors, rows)
            await self.outbox.plan(connection, self._intent(root))
        log.info("anchor_planned", consumer=consumer, decisions=len(batch), root="0x" + root.hex())
        return root

    async def _try_again(self, now: float) -> int:
        """A refused anchor is planned again, later and later, unless the root is on the chain: anybody may anchor."""
        mine = (intents.c.lane == self.outbox.lane) & (intents.c.kind == KIND) & (intents.c.status == FAILED)
        async with self.database.read() as connection:
            keys = list((await connection.execute(select(intents.c.intent_key).where(mine))).scalars())
        planned = 0
        for root in (bytes.fromhex(key.removeprefix(_KEY)) for key in keys):
            due, pause = self._next_try.get(root, (now, FIRST_PAUSE_SECONDS))
            if now < due:
                continue
            self._next_try[root] = (now + pause, min(2 * pause, LONGEST_PAUSE_SECONDS))
            if await self.ledger.anchored_at(root):
                continue
            async with self.database.write() as connection:
                planned += await self.outbox.plan_again(connection, self._intent(root))
        return planned

    def _intent(self, root: bytes) -> Intent:
        return Intent(f"{_KEY}{root.hex()}", KIND, self.ledger.address, anchor_calldata(root))


async def anchor_of(
    database: Database, consumer: str, proposal: bytes
) -> tuple[bytes, list[tuple[bool, bytes]]] | None:
    """The root of a decision's batch and the proof that leads there; None when it is in none."""
    mine = (decision_anchors.c.consumer == consumer) & (decision_anchors.c.proposal == proposal)
    async with database.read() as connection:
        row = (await connection.execute(select(decision_anchors).where(mine))).first()
        if row is None:
            return None
        leaves = await batch_leaves(database, consumer, bytes(row.root))
    return bytes(row.root), merkle_proof(leaves, row.place)


async def batch_leaves(database: Database, consumer: str, root: bytes) -> Sequence[bytes]:
    """The leaves of a batch in their order."""
    same = (decision_anchors.c.root == root) & (decision_anchors.c.consumer == consumer)
    query = select(decision_anchors.c.leaf).where(same).order_by(decision_anchors.c.place)
    async with database.read() as connection:
        return [bytes(leaf) for leaf in (await connection.execute(query)).scalars()]


def _unanchored(query: Any, *further: ColumnElement[bool]) -> Any:
    """Closed decisions that are in no batch."""
    same = (decision_anchors.c.consumer == decisions.c.consumer) & (decision_anchors.c.proposal == decisions.c.proposal)
    joined = query.select_from(decisions.outerjoin(decision_anchors, same))
    return joined.where(decisions.c.status != OPEN, decision_anchors.c.proposal.is_(None), *further)
