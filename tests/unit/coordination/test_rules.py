"""Every rule by example and by law. The laws: anonymity, neutrality, monotonicity where it holds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents_offchain.coordination.decision.ballot import Choice
from agents_offchain.coordination.decision.rules.counting import (
    Approval,
    Plurality,
    Quorum,
    Share,
    majority,
    super_majority,
    unanimity,
    weighted,
)
from agents_offchain.coordination.decision.rules.median import Median
from agents_offchain.coordination.decision.rules.outcome import Count, Outcome, Rule, Status, Vote
from agents_offchain.coordination.decision.rules.ranked import Condorcet, InstantRunoff
from agents_offchain.coordination.errors import RuleMisused
from tests.unit.coordination.voters import OPTIONS, count, counts, single_choices

pytestmark = pytest.mark.unit

RULES: dict[str, Rule] = {
    "plurality": Plurality(),
    "majority": majority(),
    "super-majority": super_majority(),
    "unanimity": unanimity(),
    "weighted": weighted(quorum_bps=5_000, threshold_bps=6_000),
    "approval": Approval(),
    "run-off": InstantRunoff(),
    "condorcet": Condorcet(InstantRunoff()),
}
SINGLE = ("plurality", "majority", "super-majority", "unanimity", "weighted")
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())


def rename(outcome: Outcome, names: dict[str, str]) -> tuple[Status, frozenset[str], dict[str, int]]:
    tally = {names[option]: weight for option, weight in outcome.tally.items()}
    return outcome.status, frozenset(names[option] for option in outcome.leaders), tally


@every_rule
@given(counts(), st.randoms(use_true_random=False))
def test_rule__given_the_voters_in_another_order__says_the_same(rule: Rule, given_: Count, rng: random.Random) -> None:
    shuffled = list(given_.votes)
    rng.shuffle(shuffled)
    assert rule.decide(given_) == rule.decide(replace(given_, votes=shuffled))


@every_rule
@given(counts(), st.permutations(sorted(OPTIONS)))
def test_rule__given_the_options_by_other_names__says_the_same_of_them(
    rule: Rule, given_: Count, order: list[str]
) -> None:
    names = dict(zip(sorted(OPTIONS), order, strict=True))
    votes = [Vote(tuple(names[option] for option in vote.choice), vote.weight) for vote in given_.votes]
    same = {name: name for name in OPTIONS}
    assert rename(rule.decide(given_), names) == rename(rule.decide(replace(given_, votes=votes)), same)


@every_rule
@given(counts())
def test_rule__given_one_vote_split_into_equal_ones__says_the_same(rule: Rule, given_: Count) -> None:
    split = [Vote(vote.choice, 1) for vote in given_.votes for _ in range(vote.weight)]
    assert rule.decide(given_) == rule.decide(replace(given_, votes=split))


@pytest.mark.parametrize("name", SINGLE)
@given(counts(single_choices), st.sampled_from([0, 10, 90]))
def test_rule__when_a_voter_turns_to_the_winner__still_names_it(name: str, given_: Count, favour: int) -> None:
    votes = [*given_.votes, Vote(("a",), favour)]
    favoured = Count(given_.options, votes, given_.total_weight + favour)
    winner = RULES[name].decide(favoured).winner
    for index in range(len(votes) if winner is not None else 0):
        turned = [*votes[:index], Vote((str(winner),), votes[index].weight), *votes[index + 1 :]]
        assert RULES[name].decide(replace(favoured, votes=turned)).winner == winner


@given(counts(), st.integers(0, 8))
def test_approval__when_a_voter_approves_of_the_winner_too__still_names_it(given_: Count, index: int) -> None:
    winner = Approval().decide(given_).winner
    assume(winner is not None and index < len(given_.votes))
    assert winner is not None
    votes = list(given_.votes)
    votes[index] = Vote((*votes[index].choice, winner), votes[index].weight)
    assert Approval().decide(replace(given_, votes=votes)).winner == winner


@every_rule
@given(counts())
def test_rule__whatever_it_says__has_one_winner_or_none(rule: Rule, given_: Count) -> None:
    outcome = rule.decide(given_)
    assert outcome.leaders <= OPTIONS
    assert (outcome.status is Status.DECIDED) == (outcome.winner is not None)
    assert outcome.status is not Status.DECIDED or len(outcome.leaders) == 1
    assert outcome.status is not Status.TIED or len(outcome.leaders) > 1


A, B, C, D = ("a",), ("b",), ("c",), ("d",)


@pytest.mark.parametrize(
    ("rule", "votes", "silent", "expected"),
    [
        ("plurality", [(A, 2), (B, 1)], 0, "a"),
        ("plurality", [(A, 2), (("a", "b"), 9), (("x",), 9)], 0, "a"),
        ("majority", [(A, 2), (B, 1), (C, 1)], 0, Status.FAILED),
        ("majority", [(A, 3), (B, 1), (C, 1), ((), 9)], 0, "a"),
        ("majority", [(A, 1), (B, 1)], 0, Status.TIED),
        ("super-majority", [(A, 2), (B, 1)], 0, "a"),
        ("super-majority", [(A, 199), (B, 100)], 0, Status.FAILED),
        ("unanimity", [(A, 3)], 0, "a"),
        ("unanimity", [(A, 3)], 1, Status.FAILED),
        ("unanimity", [(A, 3), ((), 1)], 0, Status.FAILED),
        ("weighted", [(A, 6), (B, 4)], 10, "a"),
        ("weighted", [(A, 6), (B, 4)], 11, Status.FAILED),
        ("weighted", [(A, 6), ((), 4)], 10, "a"),
        ("weighted", [(A, 59), (B, 41)], 0, Status.FAILED),
        ("approval", [(("a", "b"), 2), (("b", "c"), 2)], 0, "b"),
        ("approval", [(("a", "a"), 2), (B, 3)], 0, "b"),
        ("run-off", [(("a", "c"), 4), (("b", "c"), 3), (("c", "b"), 2)], 0, "b"),
        ("run-off", [(A, 2), (B, 2)], 0, Status.TIED),
        ("condorcet", [(("a", "c"), 4), (("b", "c"), 3), (("c", "b"), 2)], 0, "c"),
        ("condorcet", [(("a", "b", "c"), 1), (("b", "c", "a"), 1), (("c", "a", "b"), 1)], 0, Status.TIED),
    ],
)
def test_rule__by_example(rule: str, votes: list[tuple[Choice, int]], silent: int, expected: str | Status) -> None:
    outcome = RULES[rule].decide(count(*votes, silent=silent))
    assert expected in (outcome.winner, outcome.status), outcome.reason


@every_rule
def test_rule__when_nobody_chooses__fails(rule: Rule) -> None:
    assert rule.decide(count(((), 3), silent=2)).status is Status.FAILED
    assert rule.decide(count(silent=2)).status is Status.FAILED


@given(counts())
def test_run_off__given_more_than_half_first_voices__names_that_option(given_: Count) -> None:
    first = Plurality().decide(replace(given_, votes=[Vote(vote.choice[:1], vote.weight) for vote in given_.votes]))
    assume(first.winner is not None)
    assert first.winner is not None
    assume(2 * first.tally[first.winner] > given_.speaking_weight)
    assert InstantRunoff().decide(given_).winner == first.winner
    assert Condorcet(Plurality()).decide(given_).winner == first.winner


@given(counts())
def test_condorcet__given_a_winner_of_all_duels__never_asks_the_fallback(given_: Count) -> None:
    outcome = Condorcet(Approval()).decide(given_)
    assume(outcome.reason.startswith("Beats"))
    for other in OPTIONS - {outcome.winner}:
        duel = [
            (tuple(o for o in vote.choice if o in (outcome.winner, other))[:1], vote.weight) for vote in given_.votes
        ]
        assert Plurality().decide(count(*duel)).winner == outcome.winner


_numbers = st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=12)


@given(_numbers, st.lists(st.integers(-(10**9), 10**9), max_size=3))
def test_median__given_at_most_f_liars__lies_between_honest_numbers(honest: list[int], lies: list[int]) -> None:
    faulty = len(lies)
    assume(len(honest) >= 2 * faulty + 1)
    outcome = Median(faulty).decide(count(*(((str(n),), 1) for n in honest + lies), options=frozenset()))
    assert outcome.winner is not None
    assert min(honest) <= int(outcome.winner) <= max(honest)


@given(_numbers, st.integers(0, 5))
def test_median__given_fewer_than_3f_plus_1_numbers__fails(numbers: list[int], faulty: int) -> None:
    outcome = Median(faulty).decide(count(*(((str(n),), 1) for n in numbers), options=frozenset()))
    assert (outcome.status is Status.FAILED) == (len(numbers) < 3 * faulty + 1)


@pytest.mark.parametrize("nonsense", ["", "1.5", "01", "+1", "1e3", "NaN", "9" * 79, "٣"])
def test_median__given_what_is_no_whole_number__does_not_hear_it(nonsense: str) -> None:
    outcome = Median(0).decide(count(((nonsense,), 50), (("7",), 1), options=frozenset()))
    assert outcome.winner == "7"


def test_median__given_weights__is_the_number_in_the_middle_of_the_weight() -> None:
    assert Median(1).decide(count((("1",), 1), (("5",), 1), (("9",), 5), options=frozenset())).winner == "9"


@pytest.mark.parametrize(("numerator", "denominator"), [(3, 2), (-1, 2), (1, 0)])
def test_share__given_what_is_no_share__is_refused(numerator: int, denominator: int) -> None:
    for build in (Share, Quorum):
        with pytest.raises(RuleMisused):
            build(Plurality(), numerator, denominator)


def test_median__given_a_negative_weight_of_liars__is_refused() -> None:
    with pytest.raises(RuleMisused):
        Median(-1)
