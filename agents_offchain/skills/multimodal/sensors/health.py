"""How well a sensor did, by the measurements it gave: silent, wild, over-confident or fine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.multimodal.sensors.streams import Stream

GATE: dict[int, float] = {1: 10.828, 2: 13.816, 3: 16.266}
"""0.999 quantiles of chi-square by degrees of freedom: one good measurement of a thousand is lost to the gate."""
MEAN_WITHOUT_TAIL = 0.99
WILD_SHARE = 0.2
OVERCONFIDENT_RATIO = 2.0
SILENT_GAPS = 5.0

State = Literal["fine", "wild", "overconfident", "interrupted"]


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one sensor after the run.

    Attributes:
        taken, gated: Measurements that were used, and those thrown out as outliers.
        consistency: Mean squared Mahalanobis distance of the used ones over its expectation; 1 is right, more means
            that the sensor is worse than it says.
        longest_gap_s: The longest silence between two samples.
        state: The worst that holds, in the order wild, overconfident, interrupted, fine.
    """

    name: str
    taken: int
    gated: int
    consistency: float
    longest_gap_s: float
    state: State

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state,
            "taken": self.taken,
            "gated": self.gated,
            "consistency": round(self.consistency, 3),
            "longest_gap_s": round(self.longest_gap_s, 6),
        }


def judge(stream: Stream, distances: NDArray[np.float64]) -> Health:
    """Judge a sensor by the distances of all its measurements, used or not.

    Args:
        stream: The sensor's samples.
        distances: `(n,)` squared Mahalanobis distances in the order of the samples.
    """
    is_taken = distances <= GATE[stream.axes]
    taken = int(is_taken.sum())
    consistency = float(distances[is_taken].mean()) / (stream.axes * MEAN_WITHOUT_TAIL) if taken else 0.0
    gaps = np.diff(stream.times_s)
    longest = float(gaps.max()) if gaps.size else 0.0
    state: State = "fine"
    if gaps.size and longest > SILENT_GAPS * float(np.median(gaps)):
        state = "interrupted"
    if consistency > OVERCONFIDENT_RATIO:
        state = "overconfident"
    if taken < (1 - WILD_SHARE) * len(distances):
        state = "wild"
    return Health(stream.name, taken, len(distances) - taken, consistency, longest, state)
