"""Joining two estimates whose errors may be correlated in a way that nobody knows: covariance intersection.

S. J. Julier and J. K. Uhlmann, "A Non-divergent Estimation Algorithm in the Presence of Unknown Correlations", American
Control Conference, 1997. Two trackers that heard the same sensor must not count it twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GOLDEN = (5**0.5 - 1) / 2
STEPS = 40
"""The weight is then known to 1e-8."""


def intersect(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """The joined mean and covariance, never surer than the truth allows.

    Args:
        one, other: (mean `(n,)`, covariance `(n, n)` positive definite) of the same quantity.

    Returns:
        Mean and covariance whose trace is the least over all weights; found by golden section, the trace being convex.
    """
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if _trace(left, one, other) <= _trace(right, one, other):
            high = right
        else:
            low = left
    best = min((0.0, (low + high) / 2, 1.0), key=lambda weight: _trace(weight, one, other))
    return _join(best, one, other)


def _join(weight: float, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    first, second = np.linalg.inv(one[1]), np.linalg.inv(other[1])
    covariance = np.linalg.inv(weight * first + (1 - weight) * second)
    mean = covariance @ (weight * first @ one[0] + (1 - weight) * second @ other[0])
    return mean, (covariance + covariance.T) / 2


def _trace(weight: float, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    return float(np.trace(_join(weight, one, other)[1]))
