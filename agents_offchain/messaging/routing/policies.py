"""Who is asked first: routing policies by name, each a pure function of the candidates.

A policy orders all candidates, so that the ones behind the first are the backup routes.

Sources: power of two choices, M. Mitzenmacher, IEEE TPDS 12(10), 2001; sticky by rendezvous hashing, D. Thaler and
C. Ravishankar, IEEE/ACM ToN 6(1), 1998 (a host that comes or goes moves only its own share).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agents_offchain.messaging.errors import NoRoute
from agents_offchain.messaging.routing.cards import Endpoint, ReputationOf, unknown_reputation

_ASK_LOAD = 0.05
"""What one unanswered question of ours adds to a host's load, as long as the host has not said so itself."""


@dataclass
class Situation:
    """What policies may look at beside the candidates.

    Attributes:
        open_asks: Our own unanswered questions, by endpoint.
        turn: Counts calls, for those who take turns.
        content: What makes equal requests equal, for `sticky`.
        region: Ours, for `nearest`.
        latency_ms: Measured by ourselves, by endpoint.
    """

    rng: random.Random
    open_asks: Mapping[tuple[str, str], int] = field(default_factory=dict)
    turn: int = 0
    content: bytes = b""
    region: str = ""
    latency_ms: Mapping[tuple[str, str], float] = field(default_factory=dict)
    reputation_of: ReputationOf = unknown_reputation

    def load(self, endpoint: Endpoint) -> float:
        """What the host says, and what we have asked it since."""
        return endpoint.health.load + _ASK_LOAD * self.open_asks.get(endpoint.key, 0)


Policy = Callable[[Sequence[Endpoint], Situation], list[Endpoint]]


def direct(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    """As the directory lists them: always the same first."""
    return list(candidates)


def round_robin(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    start = situation.turn % len(candidates)
    return [*candidates[start:], *candidates[:start]]


def least_loaded(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    """Ties are drawn, so that not everybody runs to the same one."""
    draw, open_asks = situation.rng.random, situation.open_asks
    loads = [
        (endpoint.health.load + _ASK_LOAD * open_asks.get(endpoint.key, 0), draw(), place)
        for place, endpoint in enumerate(candidates)
    ]
    loads.sort()
    return [candidates[place] for _, _, place in loads]


def two_choices(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    """The less loaded of two at random, then the other, then the rest at random."""
    order = situation.rng.sample(list(candidates), len(candidates))
    return sorted(order[:2], key=situation.load) + order[2:]


def by_reputation(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    """At random, each as likely as its reputation is high (Efraimidis and Spirakis, IPL 97(5), 2006)."""

    def ticket(endpoint: Endpoint) -> float:
        weight = max(situation.reputation_of(endpoint.agent.id), 1e-3)
        return float(situation.rng.random() ** (1.0 / weight))

    return sorted(candidates, key=ticket, reverse=True)


def sticky(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    """The same content goes to the same place as long as it is there."""

    def score(endpoint: Endpoint) -> bytes:
        return hashlib.sha256(situation.content + "\n".join(endpoint.key).encode()).digest()

    return sorted(candidates, key=score)


def nearest(candidates: Sequence[Endpoint], situation: Situation) -> list[Endpoint]:
    """Our own region first, then the lower latency: measured by ourselves, else as the host says."""

    def distance(endpoint: Endpoint) -> tuple[bool, float]:
        measured = situation.latency_ms.get(endpoint.key, endpoint.health.latency_ms)
        return (endpoint.region != situation.region, measured)

    return sorted(candidates, key=distance)


POLICIES: Mapping[str, Policy] = {
    "direct": direct,
    "round-robin": round_robin,
    "least-loaded": least_loaded,
    "two-choices": two_choices,
    "reputation": by_reputation,
    "sticky": sticky,
    "nearest": nearest,
}


def policy_named(name: str) -> Policy:
    """Raises NoRoute when there is no such policy."""
    try:
        return POLICIES[name]
    except KeyError:
        raise NoRoute(f"There is no routing policy {name!r}.", mend=f"Take one of {', '.join(POLICIES)}.") from None
