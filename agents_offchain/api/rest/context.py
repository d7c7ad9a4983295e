"""What the routes share: the deps and what is built from them once per app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, cast

from fastapi import Depends, Request

from agents_offchain.api.rest.access.api_keys import ApiKeys
from agents_offchain.api.rest.access.door import Door, Slots
from agents_offchain.api.rest.access.idempotency import Idempotency
from agents_offchain.api.rest.access.sign_in import SignIn
from agents_offchain.api.rest.access.tokens import Tokens
from agents_offchain.api.rest.agents.visitors import Visitors
from agents_offchain.api.rest.deps import ApiDeps
from agents_offchain.api.rest.feed import ChangeFeed
from agents_offchain.api.rest.metrics import ApiMetrics
from agents_offchain.api.rest.quota import UploadQuota
from agents_offchain.api.rest.reads.cards import AgentCards
from agents_offchain.api.rest.reads.shared import Reader
from agents_offchain.coordination.decision.ballot import ballot_domain
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.proposals import Proposals
from agents_offchain.messaging.routing.quota import Quotas


class ApiContext:
    """One app's parts."""

    def __init__(self, deps: ApiDeps) -> None:
        self.deps = deps
        self.cards = AgentCards(deps.artifacts, deps.clock)
        self.feed = ChangeFeed(deps.database, deps.deployment, deps.limits, deps.clock)
        self.quota = UploadQuota(deps.database, deps.limits, deps.clock)
        self.metrics = ApiMetrics()
        self.tokens = Tokens(deps.access_secret)
        self.api_keys = ApiKeys(deps.database, deps.clock)
        self.door = Door(self.tokens, self.api_keys, Quotas(deps.limits.caller_quota, deps.clock), deps.clock)
        self.sign_in = SignIn(deps.database, deps.deployment.chain_id, deps.clock, deps.contract_wallets)
        self.idempotency = Idempotency(deps.database, deps.clock)
        self.visitors = Visitors(deps.database, deps.clock)
        self.live_sockets = Slots(deps.limits.streams, deps.limits.streams_per_client)
        self.ballot_domain = ballot_domain(deps.deployment.chain_id, deps.deployment.address("AgentRegistry"))
        self.proposals = Proposals(DecisionHistory(deps.database, "api", deps.clock), self.ballot_domain, deps.clock)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """One state of the tables, for one answer."""
        async with self.deps.database.read() as connection:
            yield Reader(connection, self.deps.deployment, self.cards)


def context_of(request: Request) -> ApiContext:
    return cast(ApiContext, request.app.state.context)


def client_of(request: Request) -> str:
    """The address that quotas count by."""
    return request.client.host if request.client else "unknown"


Context = Annotated[ApiContext, Depends(context_of)]
Client = Annotated[str, Depends(client_of)]
