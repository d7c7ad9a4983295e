"""What a rule is given and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from agents_offchain.coordination.decision.ballot import Choice


@dataclass(frozen=True)
class Vote:
    """A choice and the weight behind it; whose it is, is forgotten."""

    choice: Choice
    weight: int


@dataclass(frozen=True)
class Count:
    """Everything a rule may look at.

    Attributes:
        options: What may be chosen, in no meaningful order; none when numbers are asked for.
        total_weight: Of the whole electorate, those who are silent included.
    """

    options: frozenset[str]
    votes: Sequence[Vote]
    total_weight: int

    @property
    def cast_weight(self) -> int:
        """Of those who voted, abstentions included."""
        return sum(vote.weight for vote in self.votes)

    @property
    def speaking_weight(self) -> int:
        """Of those who chose something."""
        return sum(vote.weight for vote in self.votes if vote.choice)


class Status(Enum):
    """How a vote ended."""

    DECIDED = "decided"
    TIED = "tied"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """How a vote ended, and why in one sentence.

    Attributes:
        leaders: The winner; several when tied; whoever led when it failed.
        tally: What each option got, in the rule's own count.
    """

    status: Status
    leaders: frozenset[str]
    tally: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def winner(self) -> str | None:
        return next(iter(self.leaders)) if self.status is Status.DECIDED else None


class Rule(Protocol):
    """Turns voices into an outcome; equal counts give equal outcomes."""

    def decide(self, count: Count) -> Outcome: ...


def lead(tally: Mapping[str, int], reason: str) -> Outcome:
    """The outcome of a tally in which the most wins; nothing at all fails."""
    best = max(tally.values(), default=0)
    if best == 0:
        return Outcome(Status.FAILED, frozenset(), tally, "Nobody chose anything.")
    leaders = frozenset(option for option, weight in tally.items() if weight == best)
    return Outcome(Status.DECIDED if len(leaders) == 1 else Status.TIED, leaders, tally, reason)
