from __future__ import annotations

import pytest

from agents_offchain.coordination.decision.agreement.certificate import make_certificate
from agents_offchain.coordination.decision.agreement.messages import Commit, Kind, Prepare, Proposal, Seal
from agents_offchain.coordination.decision.agreement.sql_journal import SqlJournal
from agents_offchain.coordination.decision.agreement.vows import Vows
from agents_offchain.coordination.decision.agreement.wire import certificate_from_dict
from agents_offchain.coordination.decision.ballot import BallotBox
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.coordination.errors import VowBroken
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from tests.unit.coordination.council_world import MEMBERS, QUESTION, quorum, sign
from tests.unit.coordination.test_ballot import DOMAIN, PROPOSAL, RING, signed

pytestmark = pytest.mark.unit

DECIDED = Outcome(Status.DECIDED, frozenset({"yes"}), {"yes": 2, "no": 1}, "The most weight.")


async def test_history__given_a_vote__keeps_question_ballots_outcome_and_reason(
    database: Database, manual_clock: ManualClock
) -> None:
    history = DecisionHistory(database, "agent", manual_clock)
    box = BallotBox(PROPOSAL, DOMAIN)
    for ballot in (signed("ann", "yes"), signed("bob", "no"), signed("bob", "yes")):
        box = box.admit(ballot)
    await history.open(PROPOSAL, {"text": "shall we?"})
    await history.keep_box(box)
    await history.keep_box(box)
    await history.close(PROPOSAL, DECIDED)
    await history.close(PROPOSAL, Outcome(Status.FAILED, frozenset()))
    record = await history.get(PROPOSAL)
    assert record is not None
    assert (record.status, record.outcome["leaders"], record.reason) == ("decided", ["yes"], "The most weight.")
    kept = await history.ballots(PROPOSAL)
    assert len(kept) == 3
    again = BallotBox(PROPOSAL, DOMAIN)
    for ballot in kept:
        again = again.admit(ballot)
    assert again.choices() == {RING.address_of("ann"): ("yes",)}, "what is kept can be counted again by anybody"


async def test_history__given_an_agreement__keeps_a_certificate_that_still_verifies(database: Database) -> None:
    history = DecisionHistory(database, "agent")
    seals = {member: sign(Seal(member, quorum(b"a", kind=Kind.COMMIT))).signature for member in MEMBERS}
    certificate = make_certificate(QUESTION, b"a", seals)
    await history.keep_certificate(certificate)
    await history.keep_certificate(certificate)
    record = await history.get(QUESTION.proposal)
    assert record is not None
    assert record.certificate is not None
    assert certificate_from_dict(dict(record.certificate), QUESTION) == certificate
    assert (record.digest, record.council_id) == (certificate.digest, QUESTION.council.council_id)
    assert record.reason == "3 of 4 members sealed it."


async def test_history__given_evidence__names_the_liar(database: Database) -> None:
    history = DecisionHistory(database, "agent")
    first, second = sign(Proposal(MEMBERS[0], 0, b"a", None)), sign(Proposal(MEMBERS[0], 0, b"b", None))
    await history.keep_evidence(QUESTION, first, second)
    await history.keep_evidence(QUESTION, first, second)
    assert await history.liars(QUESTION.proposal) == {MEMBERS[0]}


async def test_recent__given_many__pages_from_the_newest_and_by_status(
    database: Database, manual_clock: ManualClock
) -> None:
    history = DecisionHistory(database, "agent", manual_clock)
    for number in range(5):
        manual_clock.advance(1)
        await history.open(bytes([number]) * 32, {})
    await history.close(bytes([1]) * 32, DECIDED)
    page = await history.recent(limit=2)
    assert [record.proposal[0] for record in page] == [4, 3]
    assert [record.proposal[0] for record in await history.recent(before=page[-1].opened_at)] == [2, 1, 0]
    assert [record.proposal[0] for record in await history.recent(status="decided")] == [1]
    assert await DecisionHistory(database, "another").recent() == []


async def test_journal__given_vows__returns_them_and_refuses_others(database: Database) -> None:
    journal = SqlJournal(database)
    vows = Vows(prepare=Prepare(MEMBERS[1], 0, b"a"))
    assert await journal.load(QUESTION, MEMBERS[1]) == Vows()
    await journal.keep(QUESTION, MEMBERS[1], vows)
    with pytest.raises(VowBroken):
        await journal.keep(QUESTION, MEMBERS[1], Vows(prepare=Prepare(MEMBERS[1], 0, b"b")))
    assert await journal.load(QUESTION, MEMBERS[1]) == vows
    more = Vows(prepare=vows.prepare, high=quorum(b"a"), commit=Commit(MEMBERS[1], 0, quorum(b"a")))
    await journal.keep(QUESTION, MEMBERS[1], more)
    assert await journal.load(QUESTION, MEMBERS[1]) == more
    assert await journal.load(QUESTION, MEMBERS[2]) == Vows()
