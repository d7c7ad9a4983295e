"""One number out of many: the lower weighted median.

With at least 3f + 1 of weight heard, of which at most f lies, the median lies between the smallest and the largest
honest number, and stays there when f honest ones more fall silent: the validity of approximate agreement (D. Dolev
et al., "Reaching Approximate Agreement in the Presence of Faults", J. ACM 33, 1986, section 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents_offchain.coordination.decision.rules.outcome import Count, Outcome, Status
from agents_offchain.coordination.errors import RuleMisused

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,77})")


@dataclass(frozen=True)
class Median:
    """The whole number in the middle of the weight, refused while fewer than 3f + 1 of weight give one.

    Args:
        faulty_weight: f, the most weight that may lie.
    """

    faulty_weight: int

    def __post_init__(self) -> None:
        if self.faulty_weight < 0:
            raise RuleMisused("The weight that may lie is not negative.")

    def decide(self, count: Count) -> Outcome:
        numbers = sorted(
            (int(vote.choice[0]), vote.weight)
            for vote in count.votes
            if len(vote.choice) == 1 and _NUMBER.fullmatch(vote.choice[0]) and vote.weight > 0
        )
        heard = sum(weight for _, weight in numbers)
        if heard < 3 * self.faulty_weight + 1:
            reason = (
                f"A median that bears {self.faulty_weight} of lies needs {3 * self.faulty_weight + 1}, has {heard}."
            )
            return Outcome(Status.FAILED, frozenset(), {}, reason)
        below = 0
        for number, weight in numbers:
            below += weight
            if 2 * below >= heard:
                return Outcome(Status.DECIDED, frozenset({str(number)}), {str(number): heard}, "The lower median.")
        raise AssertionError("unreachable: all of the weight is at or below the largest number")
