"""The deployment's facts, and the page they are written into."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from agents_offchain.api.rest.context import ApiContext, Context
from agents_offchain.api.rest.page import PageFiles
from agents_offchain.api.rest.problems import responses
from agents_offchain.api.rest.reads.deployment import read_deployment
from agents_offchain.primitives.errors import Retryable

router = APIRouter()


@router.get("/api/v1/deployment", tags=["market"], responses=responses(503))
async def get_deployment(context: Context) -> dict[str, Any]:
    """Contracts, token and policy of this deployment."""
    async with context.reader() as reader:
        return await read_deployment(reader, context.deps.node.first_url)


@router.api_route("/api/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def no_such_path(path: str) -> Response:
    """Paths of an API are never screens of the page."""
    raise HTTPException(404, f"There is no /api/{path[:80]}")


@router.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def get_page(request: Request, context: Context, path: str) -> Response:
    """The built page."""
    root = context.deps.page_root
    if root is None:
        raise HTTPException(404, "This server serves the API alone")
    return await PageFiles(root).answer(path, request.scope, await _facts(context))


async def _facts(context: ApiContext) -> dict[str, Any] | None:
    """None while they cannot be told; the page then asks for them itself."""
    try:
        async with context.reader() as reader:
            return await read_deployment(reader, context.deps.node.first_url)
    except Retryable:
        return None
