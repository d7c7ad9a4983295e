from __future__ import annotations

import asyncio
import time

import pytest

from agents_offchain.chain import wakeup as wakeup_module
from agents_offchain.chain.wakeup import Wakeup

pytestmark = pytest.mark.unit


class FakeSocket:
    """A WebSocket that announces the heads it is given, then breaks or stays silent."""

    def __init__(self, heads: int, *, breaks: bool) -> None:
        self._heads, self._breaks = heads, breaks

    async def __aenter__(self) -> FakeSocket:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def send(self, text: str) -> None:
        assert "newHeads" in text

    def __aiter__(self) -> FakeSocket:
        return self

    async def __anext__(self) -> str:
        if self._heads:
            self._heads -= 1
            return "{}"
        if self._breaks:
            raise OSError("gone")
        await asyncio.Event().wait()
        raise AssertionError


async def test_wait__woken_by_us__returns_long_before_the_poll() -> None:
    wakeup = Wakeup("http://node", 60)
    wakeup.wake()
    await asyncio.wait_for(wakeup.wait(), 5)


async def test_wait__without_any_word__returns_after_the_poll() -> None:
    started = time.monotonic()
    await Wakeup("http://node", 0.02).wait()
    assert time.monotonic() - started >= 0.02


async def test_wait__woken_several_times_before__returns_once() -> None:
    wakeup = Wakeup("http://node", 0.05)
    wakeup.wake()
    wakeup.wake()
    await wakeup.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wakeup.wait(), 0.01)


async def test_wait__after_a_head_was_announced__returns(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = []

    def connect(url: str, **_: object) -> FakeSocket:
        urls.append(url)
        return FakeSocket(2, breaks=False)

    monkeypatch.setattr(wakeup_module.websockets, "connect", connect)
    wakeup = Wakeup("https://node:8545/key", 60)
    wakeup.start()
    await asyncio.wait_for(wakeup.wait(), 5)
    await wakeup.close()
    assert urls == ["wss://node:8545/key"]


async def test_listen__when_the_socket_breaks__connects_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = [FakeSocket(0, breaks=True), FakeSocket(0, breaks=True), FakeSocket(1, breaks=False)]
    monkeypatch.setattr(wakeup_module.websockets, "connect", lambda *_, **__: sockets.pop(0))
    wakeup = Wakeup("http://node", 0.001)
    wakeup.start()
    while sockets:
        await wakeup.wait()
    await wakeup.close()


async def test_close__before_start__is_harmless() -> None:
    await Wakeup("http://node", 1).close()


async def test_wait__while_a_websocket_speaks__waits_longer_between_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeup_module.websockets, "connect", lambda *_, **__: FakeSocket(1, breaks=False))
    wakeup = Wakeup("http://node", 0.02)
    wakeup.start()
    await asyncio.wait_for(wakeup.wait(), 5)  # the one head
    started = time.monotonic()
    await wakeup.wait()
    assert time.monotonic() - started >= 0.02 * wakeup_module.CALM
    await wakeup.close()
