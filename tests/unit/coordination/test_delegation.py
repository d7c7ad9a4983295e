from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.coordination.decision.ballot import ballot_domain
from agents_offchain.coordination.decision.delegation import (
    MAX_DEPTH,
    Delegation,
    current_delegates,
    represent,
    require_delegated,
    sign_delegation,
)
from agents_offchain.coordination.decision.electorate import Electorate, by_reputation, by_stake, equal_weights
from agents_offchain.coordination.errors import BallotInvalid, ElectorateInvalid
from tests.unit.coordination.voters import voter
from tests.unit.messaging.key_ring import KeyRing

pytestmark = pytest.mark.unit

TOPIC = b"t" * 32
_voters = st.integers(0, 9).map(voter)
_delegates = st.dictionaries(_voters, _voters, max_size=10)
_weights = st.dictionaries(_voters, st.integers(0, 7), min_size=1).filter(lambda weights: sum(weights.values()) > 0)


def chain(length: int) -> dict[bytes, bytes]:
    return {voter(n): voter(n + 1) for n in range(length)}


@given(_weights, _delegates, st.sets(_voters))
def test_represent__given_any_delegations__conserves_weight(
    weights: dict[bytes, int], delegates: dict[bytes, bytes], voted: set[bytes]
) -> None:
    outcome = represent(Electorate(weights), delegates, voted)
    assert sum(outcome.represented.values()) + outcome.idle == sum(weights.values())
    assert min([outcome.idle, *outcome.represented.values()]) >= 0
    assert outcome.represented.keys() <= voted


@given(_weights, _delegates)
def test_represent__when_everybody_votes__follows_no_delegation(
    weights: dict[bytes, int], delegates: dict[bytes, bytes]
) -> None:
    assert represent(Electorate(weights), delegates, weights.keys()).represented == weights


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_represent__given_a_circle__leaves_its_weight_idle(length: int) -> None:
    circle = {voter(n): voter((n + 1) % length) for n in range(length)}
    electorate = equal_weights(voter(n) for n in range(length + 1))
    outcome = represent(electorate, circle, {voter(length)})
    assert (outcome.represented, outcome.idle) == ({voter(length): 1}, length)


@pytest.mark.parametrize(("hops", "reaches"), [(1, True), (MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_represent__given_a_chain__follows_it_to_the_limit(hops: int, reaches: bool) -> None:
    electorate = Electorate({voter(0): 5, voter(hops): 1})
    outcome = represent(electorate, chain(hops), {voter(hops)})
    assert outcome.represented[voter(hops)] == (6 if reaches else 1)


def test_represent__given_a_speaker_outside_the_electorate__leaves_the_weight_idle() -> None:
    outcome = represent(equal_weights([voter(0)]), {voter(0): voter(9)}, {voter(9)})
    assert (outcome.represented, outcome.idle) == ({}, 1)


@given(
    st.lists(st.builds(Delegation, st.just(TOPIC), _voters, _voters, st.integers(0, 3)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_current_delegates__given_any_order__is_the_same(entries: list[Delegation], rng: random.Random) -> None:
    shuffled = list(entries)
    rng.shuffle(shuffled)
    assert current_delegates(entries) == current_delegates(shuffled)


def test_current_delegates__given_a_newer_word__takes_the_older_back() -> None:
    first = Delegation(TOPIC, voter(1), voter(2), 1)
    assert current_delegates([first]) == {voter(1): voter(2)}
    assert current_delegates([first, replace(first, to=voter(3), sequence=2)]) == {voter(1): voter(3)}
    assert current_delegates([first, replace(first, to=voter(1), sequence=2)]) == {}


def test_current_delegates__given_two_words_at_once__names_nobody() -> None:
    first = Delegation(TOPIC, voter(1), voter(2), 1)
    assert current_delegates([first, replace(first, to=voter(3))]) == {}


async def test_require_delegated__given_another_signer__refuses() -> None:
    ring, domain = KeyRing(), ballot_domain(1, b"\x00" * 20)
    delegation = Delegation(TOPIC, ring.address_of("ann"), voter(2), 1)
    signed = await sign_delegation(delegation, domain, ring, "ann")
    require_delegated(signed, domain)
    for bad in (delegation, replace(signed, sequence=2), await sign_delegation(delegation, domain, ring, "bob")):
        with pytest.raises(BallotInvalid):
            require_delegated(bad, domain)


def test_electorate__given_the_three_ways_to_weigh__weighs_so() -> None:
    ann, bob = voter(1), voter(2)
    assert by_stake({ann: 2_999, bob: 500}, unit=1_000).weights == {ann: 2, bob: 0}
    assert by_reputation([ann, bob], {ann: 900, bob: -4}.__getitem__, cap=100).weights == {ann: 100, bob: 0}
    assert equal_weights([ann, bob]).total == 2


@pytest.mark.parametrize("weights", [{}, {voter(1): 0}, {voter(1): -1, voter(2): 3}, {b"short": 1}])
def test_electorate__given_unusable_weights__is_refused(weights: dict[bytes, int]) -> None:
    with pytest.raises(ElectorateInvalid):
        Electorate(weights)


def test_by_stake__given_no_unit__is_refused() -> None:
    with pytest.raises(ElectorateInvalid):
        by_stake({voter(1): 1}, unit=0)
