"""What the routes share: the deps and what is built from them once per app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, cast

from fastapi import Depends, Request

from agents_offchain.api.rest.deps import ApiDeps
from agents_offchain.api.rest.feed import ChangeFeed
from agents_offchain.api.rest.metrics import ApiMetrics
from agents_offchain.api.rest.quota import UploadQuota
from agents_offchain.api.rest.reads.cards import AgentCards
from agents_offchain.api.rest.reads.shared import Reader


class ApiContext:
    """One app's parts."""

    def __init__(self, deps: ApiDeps) -> None:
        self.deps = deps
        self.cards = AgentCards(deps.artifacts, deps.clock)
        self.feed = ChangeFeed(deps.database, deps.deployment, deps.limits, deps.clock)
        self.quota = UploadQuota(deps.database, deps.limits, deps.clock)
        self.metrics = ApiMetrics()

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
