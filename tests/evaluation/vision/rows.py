"""Lines of the table that `make eval-vision` prints, and the intervals in them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.evaluation.intervals import wilson

HELD_OUT_SEED = 7_041_776


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        is_met: None where there is no target.
        is_kept: False when the value fell below what was reached before: that fails, a missed target is printed.
    """

    what: str
    value: str
    sample: str
    target: str = ""
    is_met: bool | None = None
    is_kept: bool = True


def share(
    what: str,
    successes: int,
    trials: int,
    of: str = "questions",
    target: float | None = None,
    floor: float | None = None,
) -> Row:
    """A share with its interval (Wilson, 95 %)."""
    low, high = wilson(successes, trials)
    found = successes / trials if trials else 0.0
    value = f"{found:.3f} [{low:.3f}, {high:.3f}]"
    if target is None:
        return Row(what, value, f"{trials} {of}")
    return Row(
        what, value, f"{trials} {of}", f">= {target}", found >= target, found >= (target if floor is None else floor)
    )


def bootstrap_ratio(pairs: Sequence[tuple[float, float]], rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of a ratio of sums, over the pairs (numerator, denominator)."""
    chance = np.random.default_rng(HELD_OUT_SEED)
    table = np.array(pairs)
    drawn = table[chance.integers(len(table), size=(rounds, len(table)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return float(low), float(high)


def calibration_error(scores: Sequence[float], hits: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: the mean distance of confidence and share of hits over bins of equal width."""
    confidence, right = np.array(scores), np.array(hits, float)
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(right[index == b].sum() - confidence[index == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(confidence)) if len(confidence) else 0.0


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    widths = [max(len(getattr(row, name)) for row in rows) for name in ("what", "value", "sample")]
    for row in rows:
        outcome = "" if row.is_met is None else ("met" if row.is_met else "MISSED")
        cells = (row.what.ljust(widths[0]), row.value.ljust(widths[1]), row.sample.ljust(widths[2]))
        sys.stdout.write("  ".join((*cells, row.target, outcome)).rstrip() + "\n")
