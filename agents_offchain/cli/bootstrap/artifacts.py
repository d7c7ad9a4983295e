"""The embedded artifact store."""

from __future__ import annotations

import contextlib

import uvicorn

from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.blocks import FileBlockStore
from agents_offchain.storage.artifacts.pins import PinBoard
from agents_offchain.storage.artifacts.server import ArtifactServer, bind_port, build_app


async def run_artifacts(settings: Settings, port: int) -> int:
    """Serve the blocks of `<home>/artifacts` on this machine."""
    root = settings.home / "artifacts"
    store = FileBlockStore(root)
    store.open_exclusively()
    with contextlib.closing(store), bind_port(port) as listener:
        app = build_app(ArtifactServer(store, PinBoard(root / "pins"), settings.artifact_max_bytes))
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        await uvicorn.Server(config).serve(sockets=[listener])
    return 0
