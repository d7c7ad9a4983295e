"""Does a quotation carry a statement? A rule anybody can apply by hand, the same on every machine.

A statement is supported by what it cites when
1. at least `LEAST_COVERAGE` of its content words stand in the quotation (stems, numbers in one spelling),
2. every number of it stands there, and
3. both say no, or neither does.
What the rule cannot see: who did what to whom, and a "no" in one part of a long quotation. How often it is right is
measured on labelled pairs by `make eval-language`; the figure is in `docs/language.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.skills.knowledge.words import content_stems, find_numbers, has_negation

LEAST_COVERAGE_PERCENT = 70
RULE = "words-numbers-negation/1"


@dataclass(frozen=True, slots=True)
class Support:
    """How a statement stands to its quotation.

    Attributes:
        coverage_percent: Content words of the statement that the quotation has, 0 to 100, rounded down.
        missing_numbers: Numbers of the statement that the quotation has not.
        is_negation_equal: Both say no, or neither does.
    """

    coverage_percent: int
    missing_numbers: tuple[str, ...]
    is_negation_equal: bool

    @property
    def is_enough(self) -> bool:
        is_covered = self.coverage_percent >= LEAST_COVERAGE_PERCENT
        return is_covered and not self.missing_numbers and self.is_negation_equal


def weigh_support(statement: str, quotation: str) -> Support:
    """Apply the rule; a statement without a content word is covered by nothing."""
    wanted, present = content_stems(statement), set(content_stems(quotation))
    covered = sum(word in present for word in wanted)
    missing = find_numbers(statement) - find_numbers(quotation)
    return Support(
        coverage_percent=100 * covered // len(wanted) if wanted else 0,
        missing_numbers=tuple(sorted(missing)),
        is_negation_equal=has_negation(statement) == has_negation(quotation),
    )
