"""The embedded artifact store."""

from __future__ import annotations

from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.server import serve_store


async def run_artifacts(settings: Settings, port: int) -> int:
    """Serve the blocks of `<home>/artifacts` on this machine."""
    await serve_store(settings.home / "artifacts", port, settings.artifact_max_bytes)
    return 0
