from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.coordination.decision.ballot import BallotBox
from agents_offchain.coordination.decision.electorate import equal_weights
from agents_offchain.coordination.decision.poll import count_poll
from agents_offchain.coordination.decision.rules.counting import Plurality, majority
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.coordination.decision.ties import (
    AskArbiter,
    Draw,
    Escalate,
    Pending,
    Revote,
    TieStep,
    next_step,
    settle_by_arbiter,
    settle_by_draw,
)
from tests.unit.coordination.test_ballot import DOMAIN, PROPOSAL, RING, signed
from tests.unit.coordination.voters import voter

pytestmark = pytest.mark.unit

TIED = Outcome(Status.TIED, frozenset("ab"))
LADDER: list[TieStep] = [Revote(60), AskArbiter(voter(1)), Draw("block 12"), Escalate(5_000, 5_001)]


def test_next_step__while_tied__climbs_the_ladder_to_its_end() -> None:
    assert [next_step(TIED, LADDER, taken) for taken in range(5)] == [
        *(Pending(step, frozenset("ab")) for step in LADDER),
        None,
    ]


@pytest.mark.parametrize("status", [Status.DECIDED, Status.FAILED])
def test_next_step__when_not_tied__is_none(status: Status) -> None:
    assert next_step(Outcome(status, frozenset("a")), LADDER, 0) is None


def test_settle_by_arbiter__given_a_choice_outside_the_tie__stays_tied() -> None:
    assert settle_by_arbiter(TIED, "c") is TIED
    assert settle_by_arbiter(TIED, "b").winner == "b"


@given(st.binary(max_size=40))
def test_settle_by_draw__given_a_beacon__draws_one_of_the_tied_and_the_same_again(beacon: bytes) -> None:
    drawn = settle_by_draw(TIED, PROPOSAL, beacon).winner
    assert drawn in TIED.leaders
    assert drawn == settle_by_draw(TIED, PROPOSAL, beacon).winner


def test_settle_by_draw__given_many_beacons__favours_nobody() -> None:
    drawn = [settle_by_draw(TIED, PROPOSAL, b"%d" % number).winner for number in range(1_000)]
    assert 420 <= drawn.count("a") <= 580  # five standard deviations


def test_count_poll__given_ballots_delegations_and_silence__counts_them_all() -> None:
    names = {name: RING.address_of(name) for name in ("ann", "bob", "cy", "dee", "eve")}
    box = BallotBox(PROPOSAL, DOMAIN)
    for ballot in (signed("ann", "yes"), signed("bob", "no"), signed("eve", "yes"), signed("eve", "no")):
        box = box.admit(ballot)
    delegates = {names["cy"]: names["dee"], names["dee"]: names["ann"]}
    options = frozenset({"yes", "no"})
    electorate = equal_weights(names.values())
    outcome = count_poll(box, electorate, options, majority(), delegates)
    assert (outcome.winner, dict(outcome.tally)) == ("yes", {"yes": 3, "no": 1})
    assert count_poll(box, electorate, options, Plurality()).status is Status.TIED
