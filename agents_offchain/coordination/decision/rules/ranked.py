"""Rules over rankings, best first. A ranking ends at the first option that is unknown or named twice.

Source: T. N. Tideman, "Collective Decisions and Voting" (2006), chapters 9 (Condorcet) and 13 (instant run-off).
Differences: options that are tied for the fewest voices drop out together, so that no order of names decides; when
that would drop all of them, they are tied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from agents_offchain.coordination.decision.ballot import Choice
from agents_offchain.coordination.decision.rules.outcome import Count, Outcome, Rule, Status, lead


@dataclass(frozen=True)
class InstantRunoff:
    """Drop the option with the fewest first voices, until one holds more than half of those still heard."""

    def decide(self, count: Count) -> Outcome:
        rankings = [(ranking_of(vote.choice, count.options), vote.weight) for vote in count.votes]
        remaining = count.options
        while True:
            tally = _first_voices(rankings, remaining)
            outcome = lead(tally, "More than half of the voices still heard.")
            if outcome.status is Status.FAILED:
                return outcome
            if outcome.winner is not None and 2 * tally[outcome.winner] > tally.total():
                return outcome
            fewest = min(tally.values())
            kept = frozenset(option for option in remaining if tally[option] > fewest)
            if not kept:
                return outcome
            remaining = kept


@dataclass(frozen=True)
class Condorcet:
    """The option that beats each other one in a duel; when there is none, the fallback decides.

    An option that is not ranked is below all that are. The tally counts duels won.
    """

    fallback: Rule

    def decide(self, count: Count) -> Outcome:
        rankings = [(ranking_of(vote.choice, count.options), vote.weight) for vote in count.votes]
        wins = {
            option: sum(_margin(option, other, rankings) > 0 for other in count.options - {option})
            for option in count.options
        }
        for option, won in wins.items():
            if won == len(count.options) - 1 and any(ranking for ranking, _ in rankings):
                return Outcome(Status.DECIDED, frozenset({option}), wins, "Beats each other option in a duel.")
        return self.fallback.decide(count)


def ranking_of(choice: Choice, options: frozenset[str]) -> Choice:
    """The usable beginning of a ranking."""
    ranking: list[str] = []
    for option in choice:
        if option not in options or option in ranking:
            break
        ranking.append(option)
    return tuple(ranking)


def _first_voices(rankings: Iterable[tuple[Choice, int]], remaining: frozenset[str]) -> Counter[str]:
    tally: Counter[str] = Counter(dict.fromkeys(remaining, 0))
    for ranking, weight in rankings:
        first = next((option for option in ranking if option in remaining), None)
        if first is not None:
            tally[first] += weight
    return tally


def _margin(option: str, other: str, rankings: Iterable[tuple[Choice, int]]) -> int:
    """Weight that prefers `option` less weight that prefers `other`."""
    margin = 0
    for ranking, weight in rankings:
        place, other_place = _place(ranking, option), _place(ranking, other)
        margin += weight * ((place < other_place) - (place > other_place))
    return margin


def _place(ranking: Choice, option: str) -> int:
    return ranking.index(option) if option in ranking else len(ranking)
