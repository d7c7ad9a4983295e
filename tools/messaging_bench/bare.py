"""The bare loop: one inbox stream, batched commands, acknowledged and deleted; no authentication, no retries."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from redis.asyncio import Redis

from agents_offchain.messaging.host.host import end_tasks

GROUP, REQUESTS, REPLIES, CALLS = "g", "bare:{a}:requests", "bare:{b}:replies", "bare:{c}:calls"
READ = 256
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


async def make_groups(client: Redis) -> None:
    for stream in (REQUESTS, REPLIES, CALLS):
        await client.delete(stream)
        await client.xgroup_create(stream, GROUP, id="0", mkstream=True)


async def serve(client: Redis, writer: Redis) -> None:
    """Answer every request with its own bytes; one pipeline a batch."""
    while True:
        answer: Any = await client.xreadgroup(GROUP, "server", {REQUESTS: ">"}, count=READ, block=1_000)
        for _, entries in answer or []:
            pipeline = writer.pipeline(transaction=False)
            for _, fields in entries:
                pipeline.xadd(REPLIES, fields)
            positions = [position for position, _ in entries]
            pipeline.xack(REQUESTS, GROUP, *positions)
            pipeline.xdel(REQUESTS, *positions)
            await pipeline.execute()


async def serve_broadcasts(client: Redis, writer: Redis, agents: int) -> None:
    """Local fan-out: each handler gets the call's data as its own, and their answers go back in one entry."""
    handlers = [lambda body, number=number: number for number in range(agents)]
    while True:
        answer: Any = await client.xreadgroup(GROUP, "server", {CALLS: ">"}, count=READ, block=1_000)
        for _, entries in answer or []:
            pipeline = writer.pipeline(transaction=False)
            for _, fields in entries:
                answers = [_encode(handler(_decode(fields[b"d"]))) for handler in handlers]
                pipeline.xadd(REPLIES, {b"i": fields[b"i"], b"d": b"\n".join(answers)})
            positions = [position for position, _ in entries]
            pipeline.xack(CALLS, GROUP, *positions)
            pipeline.xdel(CALLS, *positions)
            await pipeline.execute()


class Client:
    """The asking side: requests collected into pipelines, replies matched by their ids."""

    def __init__(self, reader: Redis, writer: Redis) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: list[tuple[str, dict[bytes, bytes]]] = []
        self._done: list[bytes] = []
        self._news = asyncio.Event()
        self._open: dict[bytes, asyncio.Future[bytes]] = {}
        self._count = 0
        self._tasks = [asyncio.ensure_future(self._write()), asyncio.ensure_future(self._read())]

    async def ask(self, stream: str, body: bytes) -> bytes:
        self._count += 1
        name = b"%d" % self._count
        future = self._open[name] = asyncio.get_running_loop().create_future()
        self._waiting.append((stream, {b"i": name, b"d": body}))
        self._news.set()
        return await future

    async def ask_all(self, stream: str, body: bytes) -> list[Any]:
        """A broadcast: what each handler answered, as data."""
        return [_decode(line) for line in (await self.ask(stream, body)).split(b"\n")]

    async def close(self) -> None:
        await end_tasks(self._tasks)

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(0)
            pipeline = self._writer.pipeline(transaction=False)
            for stream, fields in self._waiting:
                pipeline.xadd(stream, fields)  # type: ignore[arg-type]
            if self._done:
                pipeline.xack(REPLIES, GROUP, *self._done)
                pipeline.xdel(REPLIES, *self._done)
            self._waiting, self._done = [], []
            await pipeline.execute()

    async def _read(self) -> None:
        while True:
            answer: Any = await self._reader.xreadgroup(GROUP, "client", {REPLIES: ">"}, count=READ, block=1_000)
            for _, entries in answer or []:
                for position, fields in entries:
                    self._done.append(position)
                    future = self._open.pop(fields[b"i"], None)
                    if future is not None and not future.done():
                        future.set_result(fields[b"d"])
                self._news.set()


async def wait_for_server(client: Client, stream: str) -> None:
    """Until the other process answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            async with asyncio.timeout(0.5):
                await client.ask(stream, b"{}")
                return
        except TimeoutError:
            continue
    raise TimeoutError("the bare server does not answer")
