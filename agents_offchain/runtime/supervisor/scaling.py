"""How many processes a backlog wants: a floor, a ceiling, quick up, slow down. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScalePolicy:
    """Bounds of a scaled set.

    Attributes:
        floor, ceiling: Processes at least and at most.
        jobs_per_process: Backlog that one process is meant for.
        spared: Backlog that others work off without any of these.
        cooldown_seconds: How long the backlog must have wanted fewer before one goes.
    """

    ceiling: int
    floor: int = 0
    jobs_per_process: int = 1
    spared: int = 0
    cooldown_seconds: float = 60.0


@dataclass(frozen=True)
class Scale:
    """How many there are, and since when fewer would do (unix seconds; None while they would not)."""

    processes: int
    idle_since: float | None = None


def next_scale(policy: ScalePolicy, now_scale: Scale, backlog: int, now: float) -> Scale:
    """The scale after one look at the backlog: at once up, at most doubled; one down after a cool-down."""
    beyond = max(backlog - policy.spared, 0)
    wanted = min(max(-(-beyond // policy.jobs_per_process), policy.floor), policy.ceiling)
    have = now_scale.processes
    if wanted > have:
        return Scale(min(wanted, max(2 * have, policy.floor, 1)))
    if wanted == have:
        return Scale(have)
    since = now if now_scale.idle_since is None else now_scale.idle_since
    if now - since < policy.cooldown_seconds:
        return Scale(have, since)
    return Scale(have - 1, now)
