"""How bad one day is: everything that is drawn from a seed before it starts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

LIES = ("silent", "twins", "amnesia", "forge", "replay")


@dataclass(frozen=True)
class Schedule:
    """One day.

    Attributes:
        lies: What each faulty member does, by place; at most f of them.
        loss, duplication: Shares in [0, 1] until `heals_at`, each message and receiver on its own.
        partitions: (from, until, places on one side).
        crashes: (at, until, place) of honest members.
        drift: Each member's clock runs this much faster.
        loss_after: Loss that stays after healing.
    """

    seed: int
    members: int
    lies: dict[int, str]
    loss: float
    duplication: float
    delay_seconds: float
    heals_at: float
    partitions: tuple[tuple[float, float, frozenset[int]], ...]
    crashes: tuple[tuple[float, float, int], ...]
    drift: tuple[float, ...]
    loss_after: float = 0.0


def draw_schedule(seed: int) -> Schedule:
    """A day of medium to bad weather."""
    rng = random.Random(seed)
    members = rng.choice((4, 4, 4, 4, 5, 6, 7))
    faulty = (members - 1) // 3
    liars = rng.sample(range(members), rng.choice((0, faulty, faulty, faulty)))
    honest = [place for place in range(members) if place not in liars]
    heals_at = rng.uniform(1.0, 8.0)
    return Schedule(
        seed=seed,
        members=members,
        lies={place: rng.choice(LIES) for place in liars},
        loss=rng.choice((0.0, 0.1, 0.3, 0.6)),
        duplication=rng.choice((0.0, 0.1, 0.3)),
        delay_seconds=rng.choice((0.02, 0.1, 0.4)),
        heals_at=heals_at,
        partitions=tuple(_partition(rng, members, heals_at) for _ in range(rng.randint(0, 3))),
        crashes=tuple(_crash(rng, rng.choice(honest), heals_at) for _ in range(rng.randint(0, 3))),
        drift=tuple(rng.uniform(0.8, 1.25) for _ in range(members)),
    )


def _early(rng: random.Random, heals_at: float) -> float:
    """Mostly while the first rounds go on."""
    return float(heals_at * rng.random() ** 3)


def _partition(rng: random.Random, members: int, heals_at: float) -> tuple[float, float, frozenset[int]]:
    start = _early(rng, heals_at)
    side = frozenset(rng.sample(range(members), rng.randint(1, members - 1)))
    return (start, min(start + rng.uniform(0.2, 4.0), heals_at), side)


def _crash(rng: random.Random, place: int, heals_at: float) -> tuple[float, float, int]:
    start = _early(rng, heals_at)
    return (start, min(start + rng.uniform(0.05, 3.0), heals_at), place)


@dataclass
class Weather:
    """What happened, counted."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, fault: str, times: int = 1) -> None:
        self.counts[fault] += times

    def line(self) -> str:
        return ", ".join(f"{count:,} {fault}" for fault, count in sorted(self.counts.items()))
