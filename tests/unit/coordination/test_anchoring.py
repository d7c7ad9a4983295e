"""Closed decisions go into batches once, and what the tables say later is compared with what was anchored."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from agents_offchain.chain.proxies.decision_ledger import anchor_calldata
from agents_offchain.coordination.decision.anchoring import Anchorer, anchor_of
from agents_offchain.coordination.decision.audit import Standing, audit
from agents_offchain.coordination.decision.export import export_closed, merkle_root, proven_root
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import FAILED, PLANNED, Outbox
from agents_offchain.storage.tables.decisions import decision_anchors, decisions
from agents_offchain.storage.tables.journal import outbox as intents

pytestmark = pytest.mark.unit
LANE = "31337:0x" + "01" * 20


class PaperLedger:
    """Dates on paper."""

    address = b"\x07" * 20

    def __init__(self) -> None:
        self.dates: dict[bytes, int] = {}

    async def anchored_at(self, root: bytes) -> int:
        return self.dates.get(root, 0)


class Office:
    """One database, its anchorer, and a clock that moves when told."""

    def __init__(self, database: Database, batch: int = 1_024) -> None:
        self.database = database
        self.clock = ManualClock(1_000_000.0)
        self.ledger = PaperLedger()
        self.outbox = Outbox(database, LANE, self.clock)
        self.anchorer = Anchorer(self.ledger, self.outbox, database, self.clock, batch=batch)

    async def decide(self, *names: str, consumer: str = "api") -> list[bytes]:
        history = DecisionHistory(self.database, consumer, self.clock)
        proposals = [sha256(name.encode()) for name in names]
        for name, proposal in zip(names, proposals, strict=True):
            await history.open(proposal, {"question": name})
            await history.close(proposal, Outcome(Status.DECIDED, frozenset({"yes"}), {"yes": 2}, "The most weight."))
        return proposals

    async def anchor(self) -> list[bytes]:
        return await self.anchorer.anchor(closed_before=self.clock.now_seconds())

    async def standings(self) -> list[Standing]:
        return [item.standing for item in await audit(self.database, self.ledger)]


async def test_anchor__of_closed_decisions__takes_each_once_with_a_proof(database: Database) -> None:
    office = Office(database)
    await office.decide("a", "b", "c")
    await DecisionHistory(database, "api", office.clock).open(sha256(b"open"), {"question": "still open"})
    (root,) = await office.anchor()
    assert root == merkle_root([item.leaf for item in await export_closed(database)])
    planned = await office.outbox.status(f"anchor:{root.hex()}")
    assert planned is not None
    assert (planned.intent.to, planned.intent.data) == (PaperLedger.address, anchor_calldata(root))
    for item in await export_closed(database, "api"):
        found = await anchor_of(database, "api", item.proposal)
        assert found is not None
        assert proven_root(item.leaf, found[1]) == root
    assert await office.anchor() == []
    await office.decide("d")
    assert await office.anchor() not in ([], [root])
    assert await office.outbox.count_open() == 2
    assert await anchor_of(database, "api", sha256(b"open")) is None
    assert next(intent.data for intent in await office.anchorer.unsettled()) == anchor_calldata(root)


async def test_step__before_the_oldest_has_waited__plans_nothing(database: Database) -> None:
    office = Office(database)
    await office.decide("a")
    assert await office.anchorer.step() == 0
    office.clock.advance(office.anchorer.patience_seconds)
    await office.decide("b")
    assert await office.anchorer.step() == 1
    assert await office.standings() == [Standing.PLANNED, Standing.PLANNED]
    assert await office.anchorer.step() == 0, "it looks again only after a pause"


async def test_step__given_full_batches_of_several_consumers__waits_for_none(database: Database) -> None:
    office = Office(database, batch=2)
    await office.decide("a", "b", "c", "d", "e")
    await office.decide("a", "f", consumer="other")
    assert await office.anchorer.step() == 3
    assert (await office.standings()).count(Standing.WAITING) == 1


async def test_step__given_a_refused_anchor__plans_it_again_unless_somebody_else_anchored(database: Database) -> None:
    office = Office(database)
    await office.decide("a")
    (root,) = await office.anchor()
    await fail_all(database)
    assert await office.anchorer.step() == 1
    assert await status_of(office, root) == PLANNED
    await fail_all(database)
    office.clock.advance(office.anchorer.look_seconds)
    office.ledger.dates[root] = 7
    assert await office.anchorer.step() == 0
    assert await office.standings() == [Standing.ANCHORED]
    assert await office.anchorer.unsettled() == []


@pytest.mark.parametrize("change", [{"reason": "Later words."}, {"closed_at": 9.0}])
async def test_audit__when_only_what_may_grow_has_grown__still_finds_it_anchored(
    database: Database, change: dict[str, object]
) -> None:
    office = Office(database)
    await office.decide("a", "b")
    for root in await office.anchor():
        office.ledger.dates[root] = 42
    async with database.write() as connection:
        await connection.execute(update(decisions).values(**change))
    found = await audit(database, office.ledger)
    assert [(item.standing, item.anchored_at) for item in found] == [(Standing.ANCHORED, 42)] * 2


async def test_audit__given_an_altered_outcome_line_or_batch__names_it(database: Database) -> None:
    office = Office(database)
    first, second, third = await office.decide("a", "b", "c")
    for root in await office.anchor():
        office.ledger.dates[root] = 42
    async with database.write() as connection:
        altered = {"leaders": ["no"], "tally": {"no": 2}}
        await connection.execute(update(decisions).where(decisions.c.proposal == first).values(outcome=altered))
        await connection.execute(
            update(decision_anchors).where(decision_anchors.c.proposal == second).values(line=b"{}")
        )
    reasons = {item.proposal: item.reason for item in await audit(database, office.ledger)}
    assert "outcome" in reasons[first]
    assert "not the one" in reasons[second]
    assert reasons[third] == ""
    (only,) = await audit(database, office.ledger, third)
    assert only.standing is Standing.ANCHORED
    async with database.write() as connection:
        await connection.execute(
            update(decision_anchors).where(decision_anchors.c.proposal == second).values(leaf=bytes(32))
        )
    (only,) = await audit(database, office.ledger, third)
    assert (only.standing, only.reason) == (Standing.ALTERED, "Its batch does not lead to the root.")


async def fail_all(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(intents).values(status=FAILED))


async def status_of(office: Office, root: bytes) -> str:
    item = await office.outbox.status(f"anchor:{root.hex()}")
    assert item is not None
    return item.status
