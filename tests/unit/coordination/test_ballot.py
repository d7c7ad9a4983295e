from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.coordination.decision.ballot import (
    BALLOT_FIELDS,
    BALLOT_TYPE,
    Ballot,
    BallotBox,
    ballot_domain,
    sign_ballot,
)
from agents_offchain.coordination.errors import BallotInvalid
from agents_offchain.primitives.eip712 import typed_data_digest
from tests.unit.messaging.key_ring import KeyRing

pytestmark = pytest.mark.unit

RING = KeyRing()
PROPOSAL = b"p" * 32
DOMAIN = ballot_domain(31337, b"\x01" * 20)


def signed(name: str, *choice: str, proposal: bytes = PROPOSAL) -> Ballot:
    ballot = Ballot(proposal, RING.address_of(name), choice)
    digest = typed_data_digest(DOMAIN, BALLOT_TYPE, BALLOT_FIELDS, ballot.values())
    return replace(ballot, signature=RING.sign_digest(name, digest))


async def test_sign_ballot__given_the_voters_key__is_admitted() -> None:
    ballot = await sign_ballot(Ballot(PROPOSAL, RING.address_of("ann"), ("a",)), DOMAIN, RING, "ann")
    assert BallotBox(PROPOSAL, DOMAIN).admit(ballot).choices() == {ballot.voter: ("a",)}


async def test_sign_ballot__given_another_key__is_refused() -> None:
    with pytest.raises(BallotInvalid, match="not signed by its voter"):
        await sign_ballot(Ballot(PROPOSAL, RING.address_of("ann"), ("a",)), DOMAIN, RING, "bob")


@pytest.mark.parametrize(
    "ballot",
    [
        replace(signed("ann", "a"), choice=("b",)),
        replace(signed("ann", "a"), voter=RING.address_of("bob")),
        replace(signed("ann", "a"), signature=b""),
        replace(signed("ann", "a"), signature=b"\x00" * 65),
        signed("ann", "a", proposal=b"q" * 32),
    ],
    ids=["choice changed", "voter changed", "unsigned", "no curve point", "another proposal"],
)
def test_admit__given_a_ballot_that_is_not_its_voters_word__refuses_it(ballot: Ballot) -> None:
    with pytest.raises(BallotInvalid):
        BallotBox(PROPOSAL, DOMAIN).admit(ballot)


def test_admit__given_two_different_ballots_of_one_voter__keeps_both_and_counts_neither() -> None:
    box = BallotBox(PROPOSAL, DOMAIN).admit(signed("ann", "a")).admit(signed("ann", "b")).admit(signed("bob", "a"))
    ann = RING.address_of("ann")
    assert {box.first[ann].choice, box.evidence[ann].choice} == {("a",), ("b",)}
    assert box.choices() == {RING.address_of("bob"): ("a",)}


_POOL = [signed(name, *choice) for name in ("ann", "bob", "cy") for choice in (("a",), ("b",), ())]


@given(st.lists(st.sampled_from(_POOL), max_size=8), st.randoms(use_true_random=False))
def test_choices__given_the_same_ballots_in_any_order_and_number__are_the_same(
    ballots: list[Ballot], rng: random.Random
) -> None:
    shuffled = ballots + ballots[: len(ballots) // 2]
    rng.shuffle(shuffled)
    assert _box_of(ballots).choices() == _box_of(shuffled).choices()


def _box_of(ballots: list[Ballot]) -> BallotBox:
    box = BallotBox(PROPOSAL, DOMAIN)
    for ballot in ballots:
        box = box.admit(ballot)
    return box
