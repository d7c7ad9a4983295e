"""How the parts are: for people, for probes, for Prometheus."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import select

from agents_offchain.api.rest.context import ApiContext, Context
from agents_offchain.api.rest.models import HealthOut
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.storage.tables.read_model import chain_heads

router = APIRouter(tags=["operations"])
NODE_SECONDS = 1.5


@router.get("/api/v1/health")
async def get_health(context: Context) -> HealthOut:
    """How node, database and index are; 200 as long as this process answers at all."""
    return await check_health(context)


@router.get("/api/v1/health/live")
async def get_live() -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@router.get("/api/v1/health/ready", responses={503: {"description": "The database does not answer."}})
async def get_ready(context: Context, response: Response) -> HealthOut:
    """Whether reads work. A node that is down does not stop them."""
    health = await check_health(context)
    if health.checks["database"] != "ok":
        response.status_code = 503
    return health


@router.get("/metrics", include_in_schema=False)
async def get_metrics(context: Context) -> Response:
    """Prometheus text format."""
    await check_health(context)
    context.metrics.streams.set(context.feed.stream_count)
    body = await context.metrics.render(context.deps.database, context.deps.gateway)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


async def check_health(context: ApiContext) -> HealthOut:
    """Ask every part; also sets the gauges."""
    (block, database), (head, node) = await asyncio.gather(_index_block(context), _head_block(context))
    lag = max((head if head is not None else block) - block, 0)
    limit = context.deps.limits.lag_blocks
    index = "behind" if lag > limit else "empty" if database == "ok" and block < 0 else "ok"
    checks = {"database": database, "node": node, "index": index}
    metrics = context.metrics
    for part, word in checks.items():
        metrics.is_up.labels(part).set(1 if word == "ok" else 0)
    metrics.index_block.set(max(block, 0))
    metrics.lag_blocks.set(lag)
    if head is not None:
        metrics.head_block.set(head)
    return HealthOut(
        status="ok" if set(checks.values()) == {"ok"} else "degraded",
        chain_id=context.deps.deployment.chain_id,
        block=max(block, 0),
        head=head if head is not None else max(block, 0),
        lag_blocks=lag,
        checks=checks,
    )


async def _index_block(context: ApiContext) -> tuple[int, str]:
    """(last block indexed, word on the database); -1 while nothing is known."""
    deps = context.deps
    query = select(chain_heads.c.block_number).where(chain_heads.c.chain_id == deps.deployment.chain_id)
    try:
        async with deps.database.read() as connection:
            block = (await connection.execute(query)).scalar_one_or_none()
    except AitbcError:
        return -1, "unreachable"
    return (-1 if block is None else int(block)), "ok"


async def _head_block(context: ApiContext) -> tuple[int | None, str]:
    try:
        async with asyncio.timeout(NODE_SECONDS):
            return await context.deps.node.block_number(), "ok"
    except (AitbcError, TimeoutError):
        return None, "unreachable"
