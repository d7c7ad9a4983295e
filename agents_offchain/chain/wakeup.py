"""Wake a polling loop early when the node announces a block; silence costs nothing but latency."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import orjson
import structlog
import websockets

log = structlog.get_logger(__name__)
CALM = 4
"""How much longer is waited while a WebSocket speaks: it brings the blocks, so polling is for what blocks do not."""


class Wakeup:
    """Waits at most a poll interval, less when a new head is announced over WebSocket.

    Args:
        http_url: The node's URLs, separated by commas; `ws(s)://` of the same host and port is subscribed to, the
            next one's when one is lost.
        poll_seconds: Longest wait when there is no WebSocket; with one, `CALM` times as long.
    """

    def __init__(self, http_url: str, poll_seconds: float) -> None:
        self._urls = ["ws" + url.strip().removeprefix("http") for url in http_url.split(",")]
        self._poll_seconds = poll_seconds
        self._event = asyncio.Event()
        self._is_listening = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen())

    def wake(self) -> None:
        """Wake the waiter for a reason of our own."""
        self._event.set()

    async def wait(self) -> None:
        """Return at the next head, wake or poll interval, whichever is first."""
        longest = self._poll_seconds * (CALM if self._is_listening else 1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), longest)
        self._event.clear()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        subscribe = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
        for url in itertools.cycle(self._urls):
            try:
                async with websockets.connect(url, proxy=None) as socket:
                    await socket.send(subscribe.decode())
                    async for _ in socket:
                        self._is_listening = True
                        self._event.set()
            except (OSError, websockets.WebSocketException) as error:
                log.debug("wakeup_lost", reason=type(error).__name__)
            self._is_listening = False
            await asyncio.sleep(self._poll_seconds)
