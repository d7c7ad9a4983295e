"""The HTTP API and the page."""

from __future__ import annotations

import uvicorn

from agents_offchain.api.rest.app import create_app
from agents_offchain.api.rest.deps import ApiDeps
from agents_offchain.cli.bootstrap.surroundings import require_artifacts_url, surroundings
from agents_offchain.cli.places import page_folder
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.client import KuboArtifactStore

GOODBYE_SECONDS = 2
"""How long open streams may take to end once the process is told to stop."""


async def run_api(settings: Settings, port: int) -> int:
    """Serve until told to stop; without a built page, the API alone."""
    page = page_folder()
    async with surroundings(settings) as around:
        app = create_app(
            ApiDeps(
                database=around.database,
                deployment=around.deployment,
                node=around.node,
                artifacts=KuboArtifactStore(require_artifacts_url(settings)),
                settings=settings,
                clock=around.clock,
                page_root=page if (page / "index.html").exists() else None,
            )
        )
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        await uvicorn.Server(config).serve()
    return 0
