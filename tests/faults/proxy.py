"""A provider between the daemons and the real node that is down, slow, rate-limited or lying when it is told to be.

It speaks HTTP and passes WebSockets through. What it does to answers is a function, so that a test says in one line
how its provider misbehaves; the chain behind it is always the real one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

MAX_HEAD_BYTES = 1 << 16
Mangle = Callable[[str, list[Any], Any], Any]
"""(method, params, result) -> the result that the daemons see."""
Refuse = Callable[[str, list[Any]], dict[str, Any] | None]
"""(method, params) -> a JSON-RPC error in place of an answer, or None."""


@dataclass
class Provider:
    """One address that forwards to the node.

    Attributes:
        is_down: Connections are cut at once, WebSockets too.
        delay_seconds: Waited before each answer.
        status: HTTP status in place of an answer; 0 answers.
        mangle: What is done to each result.
        refuse: What is refused.
        asked: How often each method was asked for.
    """

    node_port: int
    is_down: bool = False
    delay_seconds: float = 0.0
    status: int = 0
    mangle: Mangle | None = None
    refuse: Refuse | None = None
    asked: dict[str, int] = field(default_factory=dict)
    port: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=MAX_HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self.cut()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2)

    def fail(self) -> None:
        """Go down: what is open is cut, what comes is refused."""
        self.is_down = True
        self.cut()

    def heal(self) -> None:
        """Behave from now on."""
        self.is_down, self.delay_seconds, self.status = False, 0.0, 0
        self.mangle, self.refuse = None, None

    def cut(self) -> None:
        for writer in list(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            back, upstream = await asyncio.open_connection("127.0.0.1", self.node_port, limit=MAX_HEAD_BYTES)
            while not self.is_down:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"upgrade: websocket" in head.lower():
                    upstream.write(head)
                    await _pipe_both(reader, writer, back, upstream)
                    return
                await self._answer(head, await _body(head, reader), writer, back, upstream)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        except asyncio.CancelledError:  # the loop ends; asyncio.streams would report a cancelled connection as a fault
            return
        finally:
            self._open.discard(writer)
            for stream in (writer, upstream):
                if stream is not None:
                    stream.close()

    async def _answer(
        self,
        head: bytes,
        body: bytes,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
    ) -> None:
        asked = orjson.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        for call in calls:
            self.asked[call["method"]] = self.asked.get(call["method"], 0) + 1
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self.status:
            writer.write(b"HTTP/1.1 %d Trouble\r\ncontent-length: 0\r\n\r\n" % self.status)
            await writer.drain()
            return
        if (refused := self._refusal(calls)) is not None:
            _respond(writer, orjson.dumps(refused))
            await writer.drain()
            return
        upstream.write(head + body)
        await upstream.drain()
        answer_head = await back.readuntil(b"\r\n\r\n")
        answer = await _body(answer_head, back)
        if self.mangle is not None and not self.is_down:
            answer = self._mangled(calls, answer)
        _respond(writer, answer)
        await writer.drain()

    def _refusal(self, calls: list[dict[str, Any]]) -> Any:
        if self.refuse is None:
            return None
        for call in calls:
            error = self.refuse(call["method"], call.get("params", []))
            if error is not None:
                return {"jsonrpc": "2.0", "id": call["id"], "error": error}
        return None

    def _mangled(self, calls: list[dict[str, Any]], answer: bytes) -> bytes:
        assert self.mangle is not None
        answers = orjson.loads(answer)
        by_id = {call["id"]: call for call in calls}
        for entry in answers if isinstance(answers, list) else [answers]:
            call = by_id.get(entry.get("id"))
            if call is not None and "result" in entry:
                entry["result"] = self.mangle(call["method"], call.get("params", []), entry["result"])
        return orjson.dumps(answers)


def _respond(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    )


async def _body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return await reader.readexactly(int(value))
        if name.strip().lower() == b"transfer-encoding":
            return await _chunks(reader)
    return b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


async def _pipe_both(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    back: asyncio.StreamReader,
    upstream: asyncio.StreamWriter,
) -> None:
    tasks = {asyncio.create_task(_pipe(reader, upstream)), asyncio.create_task(_pipe(back, writer))}
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
