"""Proves callers, counts their requests, and how many sockets each has open."""

from __future__ import annotations

from collections import Counter

from agents_offchain.api.rest.access.api_keys import ApiKeys
from agents_offchain.api.rest.access.principal import Principal, Unauthenticated
from agents_offchain.api.rest.access.tokens import Tokens
from agents_offchain.api.rest.errors import QuotaSpent
from agents_offchain.messaging.routing.quota import Quotas
from agents_offchain.primitives.clock import Clock


class Door:
    """Proves callers and counts their requests."""

    def __init__(self, tokens: Tokens, keys: ApiKeys, quotas: Quotas, clock: Clock) -> None:
        self._tokens = tokens
        self._keys = keys
        self._quotas = quotas
        self._clock = clock

    async def principal(self, authorization: str | None, api_key: str | None) -> Principal:
        """Raises Unauthenticated without a good token or key."""
        if api_key:
            return await self._keys.prove(api_key)
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return self._tokens.read(token.strip(), self._clock.now_seconds())
        raise Unauthenticated(
            "This needs a signed-in wallet or an API key.",
            mend="Send `Authorization: Bearer <token>` (POST /api/v1/auth/challenge) or `X-Api-Key`.",
        )

    def count(self, name: str) -> None:
        """Raises QuotaSpent when this caller asks too often."""
        wait_seconds = self._quotas.take(name)
        if wait_seconds > 0:
            raise QuotaSpent("Too many requests from one caller.", retry_after_seconds=wait_seconds, mend="Slow down.")


class Slots:
    """Things that are open for a while, so many in all and so many for one name."""

    def __init__(self, in_all: int, for_one: int) -> None:
        self._in_all = in_all
        self._for_one = for_one
        self._held: Counter[str] = Counter()

    def acquire(self, name: str) -> None:
        """Raises QuotaSpent when there are too many."""
        if self._held.total() >= self._in_all or self._held[name] >= self._for_one:
            raise QuotaSpent("Too many connections are open.", mend="Close one.")
        self._held[name] += 1

    def release(self, name: str) -> None:
        self._held[name] -= 1
        if self._held[name] <= 0:
            del self._held[name]
