"""Live news as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from agents_offchain.api.rest.context import Client, Context
from agents_offchain.api.rest.feed import News, parse_place
from agents_offchain.api.rest.problems import responses

router = APIRouter(prefix="/api/v1", tags=["live"])
JobFilter = Annotated[
    str | None, Query(pattern=r"^([0-9]{1,10}:)?[0-9]{1,78}$", description="Only news of this job, and heads.")
]
SEND_SECONDS = 30.0


@router.get(
    "/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **responses(422, 429, 503)},
)
async def get_events(
    context: Context,
    client: Client,
    job_id: JobFilter = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> EventSourceResponse:
    """`job`, `listing`, `agent` and `head` events; `reset` when what was missed is no longer known."""
    wanted = None if job_id is None else _called(job_id)
    news = context.feed.subscribe(
        client,
        parse_place(last_event_id),
        lambda item: wanted is None or item.event in ("head", "reset") or item.job_id == wanted,
    )
    return EventSourceResponse(
        _lines(news),
        ping=context.deps.limits.heartbeat_seconds,
        send_timeout=SEND_SECONDS,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _called(text: str) -> str:
    """A job's name without the zeros that a stranger may put before its numbers."""
    return ":".join(str(int(part)) for part in text.split(":"))


async def _lines(news: AsyncIterator[News]) -> AsyncIterator[ServerSentEvent]:
    async for item in news:
        yield ServerSentEvent(event=item.event, data=orjson.dumps(item.data).decode(), id=str(item.place))
