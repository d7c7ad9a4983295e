"""Live news as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

import orjson
from fastapi import APIRouter, Header
from sse_starlette import EventSourceResponse, ServerSentEvent

from agents_offchain.api.rest.context import Client, Context
from agents_offchain.api.rest.feed import News, parse_place
from agents_offchain.api.rest.paging import JobText, parse_job
from agents_offchain.api.rest.problems import responses
from agents_offchain.chain.addresses import Deployment

router = APIRouter(prefix="/api/v1", tags=["live"])
SEND_SECONDS = 30.0


@router.get(
    "/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **responses(404, 422, 429, 503)},
)
async def get_events(
    context: Context,
    client: Client,
    job_id: JobText = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> EventSourceResponse:
    """`job`, `listing`, `agent` and `head` events; `reset` when what was missed is no longer known.

    With `job_id` only news of this job, and heads.
    """
    news = context.feed.subscribe(client, parse_place(last_event_id), about(context.deps.deployment, job_id))
    return EventSourceResponse(
        _lines(news),
        ping=context.deps.limits.heartbeat_seconds,
        send_timeout=SEND_SECONDS,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def about(deployment: Deployment, job_id: str | None) -> Callable[[News], bool]:
    """Whether news are of the job that is called so, or of no job; all are where none is named.

    Raises:
        NotFound: no job is called so.
    """
    if job_id is None:
        return lambda item: True
    wanted = deployment.reference(*parse_job(deployment, job_id))
    return lambda item: item.event in ("head", "reset") or item.job_id == wanted


async def _lines(news: AsyncIterator[News]) -> AsyncIterator[ServerSentEvent]:
    async for item in news:
        yield ServerSentEvent(event=item.event, data=orjson.dumps(item.data).decode(), id=str(item.place))
