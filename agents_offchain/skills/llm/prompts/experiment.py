"""Try versions of one prompt side by side, and settle on the better one when outcomes tell them apart.

A job always gets the same version, so that a second attempt asks the same. Which one follows from the job's name; once
the 95 % intervals (Wilson) of two versions no longer touch, every job gets the better.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

Z = 1.96


def wilson(good: float, count: float) -> tuple[float, float]:
    """95 % interval of a share; everything is possible when nothing was counted.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if count <= 0:
        return 0.0, 1.0
    share, square = good / count, Z * Z / count
    middle = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def choose_version(
    name: str, versions: Sequence[int], job: str, outcomes: Mapping[str, tuple[float, float]]
) -> int | None:
    """The version of a prompt that a job gets.

    Args:
        versions: Those on trial; none is no experiment.
        outcomes: Sum of qualities and number of ratings by prompt id (`answer/1`).

    Returns:
        None when there is no experiment: the newest version holds.
    """
    if not versions:
        return None
    intervals = {one: wilson(*outcomes.get(f"{name}/{one}", (0.0, 0.0))) for one in versions}
    best = max(sorted(intervals), key=lambda one: intervals[one][0])
    if all(other == best or intervals[other][1] < intervals[best][0] for other in intervals):
        return best
    digest = hashlib.sha256(f"{name}:{job}".encode()).digest()
    return sorted(versions)[int.from_bytes(digest[:8], "big") % len(versions)]
