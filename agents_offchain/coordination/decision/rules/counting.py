"""Rules that add weights up, and the conditions that wrap them.

With two options, equal weights and an odd number of voters, majority is the one rule that is anonymous, neutral and
monotonic (K. O. May, "A Set of Independent Necessary and Sufficient Conditions for Simple Majority Decision",
Econometrica 20, 1952). Approval: S. J. Brams and P. C. Fishburn, "Approval Voting" (1983).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from agents_offchain.coordination.decision.rules.outcome import Count, Outcome, Rule, Status, lead
from agents_offchain.coordination.errors import RuleMisused


@dataclass(frozen=True)
class Plurality:
    """The option with the most weight. A choice of more than one option, or of an unknown one, is an abstention."""

    def decide(self, count: Count) -> Outcome:
        tally: Counter[str] = Counter(dict.fromkeys(count.options, 0))
        for vote in count.votes:
            if len(vote.choice) == 1 and vote.choice[0] in count.options:
                tally[vote.choice[0]] += vote.weight
        return lead(tally, "The most weight.")


@dataclass(frozen=True)
class Approval:
    """Each voter approves of any number of options; each gets the voter's whole weight. The most approved wins."""

    def decide(self, count: Count) -> Outcome:
        tally: Counter[str] = Counter(dict.fromkeys(count.options, 0))
        for vote in count.votes:
            for option in count.options.intersection(vote.choice):
                tally[option] += vote.weight
        return lead(tally, "The most approved.")


@dataclass(frozen=True)
class Share:
    """The wrapped rule's leader must hold a share of the weight; a tie is passed on.

    Args:
        of: The weight that chose something, or of everybody who may vote.
        is_strict: More than the share, not just as much.
    """

    rule: Rule
    numerator: int
    denominator: int
    of: Literal["speaking", "all"] = "speaking"
    is_strict: bool = False

    def __post_init__(self) -> None:
        require_share(self.numerator, self.denominator)

    def decide(self, count: Count) -> Outcome:
        outcome = self.rule.decide(count)
        if outcome.winner is None:
            return outcome
        base = count.speaking_weight if self.of == "speaking" else count.total_weight
        have, need = outcome.tally[outcome.winner] * self.denominator, base * self.numerator
        if have > need or (have == need and not self.is_strict):
            return outcome
        words = f"{'More than ' if self.is_strict else ''}{self.numerator}/{self.denominator} of {base}"
        reason = f"{words} is needed, the leader has {outcome.tally[outcome.winner]}."
        return replace(outcome, status=Status.FAILED, reason=reason)


@dataclass(frozen=True)
class Quorum:
    """A share of all weight must vote, abstentions included, or the vote fails whatever it says."""

    rule: Rule
    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        require_share(self.numerator, self.denominator)

    def decide(self, count: Count) -> Outcome:
        outcome = self.rule.decide(count)
        if count.cast_weight * self.denominator >= count.total_weight * self.numerator:
            return outcome
        reason = f"{self.numerator}/{self.denominator} of {count.total_weight} must vote, {count.cast_weight} did."
        return replace(outcome, status=Status.FAILED, reason=reason)


def majority() -> Rule:
    """More than half of those who choose."""
    return Share(Plurality(), 1, 2, is_strict=True)


def super_majority() -> Rule:
    """At least two thirds of those who choose."""
    return Share(Plurality(), 2, 3)


def unanimity() -> Rule:
    """Everybody who may vote wants the same."""
    return Share(Plurality(), 1, 1, of="all")


def weighted(quorum_bps: int, threshold_bps: int) -> Rule:
    """Quorum of all weight and threshold of the weight that chooses, both in 1/10,000."""
    return Quorum(Share(Plurality(), threshold_bps, 10_000), quorum_bps, 10_000)


def require_share(numerator: int, denominator: int) -> None:
    """Raise RuleMisused unless 0 <= numerator/denominator <= 1."""
    if denominator <= 0 or not 0 <= numerator <= denominator:
        raise RuleMisused(f"{numerator}/{denominator} is not a share.")
