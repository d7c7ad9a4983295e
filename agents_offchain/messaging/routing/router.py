"""Routes of one host: candidates that fit, in the order of a policy, without those whose circuit is open.

What was asked and how it went is told back here (`began`, `succeeded`, `failed`), so that the next route knows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from agents_offchain.messaging.errors import NoRoute
from agents_offchain.messaging.routing.breaker import Breakers
from agents_offchain.messaging.routing.cards import Endpoint, Query, ReputationOf, find, unknown_reputation
from agents_offchain.messaging.routing.directory import View
from agents_offchain.messaging.routing.policies import Policy, Situation, policy_named
from agents_offchain.primitives.clock import Clock

_SMOOTHING = 0.2
"""Weight of the newest latency in the running mean."""


class Router:
    """See the module; `region` is ours."""

    def __init__(
        self,
        view: View,
        clock: Clock,
        *,
        region: str = "",
        rng: random.Random | None = None,
        reputation_of: ReputationOf = unknown_reputation,
    ) -> None:
        self._view = view
        self.breakers = Breakers(clock)
        self._reputation_of = reputation_of
        self._latency_ms: dict[tuple[str, str], float] = {}
        self._open: dict[tuple[str, str], int] = {}
        self._region = region
        self._rng = rng or random.Random()  # noqa: S311 (spreads load, guards nothing)
        self._turn = 0

    def route(self, query: Query, policy: str = "two-choices", content: bytes = b"") -> list[Endpoint]:
        """Whom to try, in order.

        Raises:
            NoRoute: nobody fits, or there is no such policy.
        """
        chosen = policy_named(policy)
        fitting = find(self._candidates(query), query, self._reputation_of)
        if not fitting:
            raise NoRoute(f"Nobody who is alive offers {_what(query)}.", mend="`aitbc agents list` shows who is there.")
        if len(fitting) == 1:
            return fitting
        allowed = [endpoint for endpoint in fitting if self.breakers.allows(endpoint.key)]
        return self._order(allowed or fitting, chosen, content)

    def find(self, query: Query) -> list[Endpoint]:
        """Everybody who fits, in the directory's order."""
        return find(self._candidates(query), query, self._reputation_of)

    def began(self, endpoint: Endpoint) -> None:
        self._open[endpoint.key] = self._open.get(endpoint.key, 0) + 1
        self.breakers.begin(endpoint.key)

    def succeeded(self, endpoint: Endpoint, latency_ms: float) -> None:
        self._ended(endpoint)
        held = self._latency_ms.get(endpoint.key, latency_ms)
        self._latency_ms[endpoint.key] = held + _SMOOTHING * (latency_ms - held)
        self.breakers.succeed(endpoint.key)

    def failed(self, endpoint: Endpoint) -> None:
        self._ended(endpoint)
        self.breakers.fail(endpoint.key)

    def let_go(self, endpoint: Endpoint) -> None:
        """It was not needed any more; that says nothing of it."""
        self._ended(endpoint)

    def latency_ms(self, endpoint: Endpoint) -> float:
        """Measured by ourselves, else as its host says."""
        return self._latency_ms.get(endpoint.key, endpoint.health.latency_ms)

    def _candidates(self, query: Query) -> Sequence[Endpoint]:
        if query.agent is not None:
            return self._view.named(query.agent)
        if query.capability is not None:
            return self._view.offering(query.capability)
        return self._view.endpoints()

    def _order(self, candidates: Sequence[Endpoint], policy: Policy, content: bytes) -> list[Endpoint]:
        situation = Situation(
            rng=self._rng,
            open_asks=self._open,
            turn=self._turn,
            content=content,
            region=self._region,
            latency_ms=self._latency_ms,
            reputation_of=self._reputation_of,
        )
        self._turn += 1
        return policy(candidates, situation)

    def _ended(self, endpoint: Endpoint) -> None:
        left = self._open.pop(endpoint.key, 0) - 1
        if left > 0:
            self._open[endpoint.key] = left


def _what(query: Query) -> str:
    return query.capability or query.agent or "anything"
