"""The local language model in a process of its own: loaded once, asked over HTTP on this machine by every worker."""

from __future__ import annotations

import asyncio
import signal

import structlog

from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.llm.local import load_engine

log = structlog.get_logger(__name__)
HOST = "127.0.0.1"


async def run_language_server(settings: Settings, port: int) -> int:
    """Serve llama.cpp's OpenAI-compatible API, with `/health`, until told to stop.

    Raises:
        ModelMissing, ModelDigestMismatch, InferenceFailed: this machine cannot run the model.
    """
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    engine = await asyncio.to_thread(load_engine, settings.models, 1, HOST, port)
    log.info("language_server_ready", address=engine.listening_address)
    await stopped.wait()
    return 0
