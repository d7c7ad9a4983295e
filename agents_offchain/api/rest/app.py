"""The app: routes, failures, limits and headers put together. Reads no environment and opens nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from agents_offchain.api.rest import problems
from agents_offchain.api.rest.context import ApiContext
from agents_offchain.api.rest.deps import ApiDeps
from agents_offchain.api.rest.headers import SecurityHeaders
from agents_offchain.api.rest.limits import BodyLimit
from agents_offchain.api.rest.metrics import RequestTimer
from agents_offchain.api.rest.routes import agents, coordination, events, files, health, market, page, promises, sign_in

VERSION = "1"
FORM_OVERHEAD_BYTES = 16 << 10
"""What a multipart form adds to its file."""
GZIP_BYTES = 1_024
_DESCRIPTION = """Reads of the market and files for it. The chain is the truth; this is its index.
Money is a decimal string of the token's smallest unit, ids are strings, times are unix seconds.
Failures are problem documents (RFC 9457) with a `mend`."""


def create_app(deps: ApiDeps) -> FastAPI:
    """Build the ASGI app; who calls it runs it and closes what it handed in."""
    context = ApiContext(deps)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        context.feed.start()
        try:
            yield
        finally:
            await context.feed.close()

    app = FastAPI(
        title="AITBC Agent Systems",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.context = context
    problems.install(app)
    parts = (health, market, agents, coordination, sign_in, events, files, promises, page)
    for part in parts:
        app.include_router(part.router)
    _add_layers(app, context)
    return app


def _add_layers(app: FastAPI, context: ApiContext) -> None:
    """Outermost last: headers and times belong to every answer, refusals of bodies too."""
    deps = context.deps
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_BYTES, compresslevel=5)
    app.add_middleware(
        BodyLimit,
        paths={
            "/api/v1/uploads": deps.settings.upload_max_bytes + FORM_OVERHEAD_BYTES,
            "/api/v1/requests": deps.limits.request_max_bytes,
        },
        default_bytes=deps.limits.request_max_bytes,
    )
    app.add_middleware(SecurityHeaders, rpc_url=deps.node.first_url)
    app.add_middleware(RequestTimer, metrics=context.metrics)
