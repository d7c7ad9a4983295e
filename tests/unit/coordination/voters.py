"""Voters for tests, and hypothesis strategies of whole votes."""

from __future__ import annotations

from hypothesis import strategies as st

from agents_offchain.coordination.decision.ballot import Choice
from agents_offchain.coordination.decision.rules.outcome import Count, Vote

OPTIONS = frozenset("abcd")


def voter(number: int) -> bytes:
    return number.to_bytes(20, "big")


def count(*votes: tuple[Choice, int], options: frozenset[str] = OPTIONS, silent: int = 0) -> Count:
    """A count of (choice, weight) pairs, with some weight that did not vote."""
    return Count(options, [Vote(choice, weight) for choice, weight in votes], sum(w for _, w in votes) + silent)


single_choices = st.sampled_from([(), *((option,) for option in sorted(OPTIONS))])
rankings = st.permutations(sorted(OPTIONS)).flatmap(
    lambda order: st.integers(0, len(order)).map(lambda n: tuple(order[:n]))
)


@st.composite
def counts(draw: st.DrawFn, choices: st.SearchStrategy[Choice] = rankings) -> Count:
    votes = draw(st.lists(st.tuples(choices, st.integers(0, 5)), max_size=9))
    return count(*votes, silent=draw(st.integers(0, 5)))
