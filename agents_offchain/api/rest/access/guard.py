"""At the door of a route: who calls, and not too often."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from agents_offchain.api.rest.access.principal import Principal, Unauthenticated
from agents_offchain.api.rest.context import Client, Context


async def known_caller(
    context: Context,
    authorization: Annotated[str | None, Header(max_length=2_000)] = None,
    x_api_key: Annotated[str | None, Header(max_length=200)] = None,
    *,
    client: Client,
) -> Principal:
    """The caller of a route that needs one; failed proofs are counted by address."""
    try:
        principal = await context.door.principal(authorization, x_api_key)
    except Unauthenticated:
        context.door.count(f"stranger:{client}")
        raise
    context.door.count(principal.name)
    return principal


async def counted_stranger(context: Context, client: Client) -> str:
    """Anybody, counted by address."""
    context.door.count(f"stranger:{client}")
    return client


async def request_bytes(request: Request) -> bytes:
    """What makes two requests the same: path and body."""
    return request.url.path.encode() + b"\n" + await request.body()


Caller = Annotated[Principal, Depends(known_caller)]
Stranger = Annotated[str, Depends(counted_stranger)]
RequestBytes = Annotated[bytes, Depends(request_bytes)]
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=100, pattern="^[ -~]+$")
]
