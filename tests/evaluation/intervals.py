"""How sure a share is: Wilson's score interval (JASA 22, 1927) at 95 %."""

from __future__ import annotations

Z = 1.959964


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Low and high end, in [0, 1]; (0, 1) without a trial."""
    if not trials:
        return 0.0, 1.0
    share = successes / trials
    centre = share + Z**2 / (2 * trials)
    reach = Z * ((share * (1 - share) + Z**2 / (4 * trials)) / trials) ** 0.5
    return max(0.0, (centre - reach) / (1 + Z**2 / trials)), min(1.0, (centre + reach) / (1 + Z**2 / trials))
