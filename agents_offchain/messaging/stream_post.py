"""The post over Valkey or Redis Streams: a lane is a stream, an inbox a group of consumers.

The lanes of an inbox share a hash tag, so that a cluster keeps them in one slot and one command reads them all.
Commands go out in pipelines; what is acknowledged is deleted in the same pipeline, so a stream holds what is open and
nothing else. A server that lost its data is noticed (NOGROUP) and the groups are made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from agents_offchain.messaging.post import Entry, Lane, Parcel
from agents_offchain.messaging.streams import LONGEST_BLOCK_SECONDS, PREFIX, Client, translated

GROUP = "host"
_DATA = b"d"


def lane_key(inbox: str, lane: Lane) -> str:
    """The stream of one lane of an inbox."""
    return f"{PREFIX}:{{inbox/{inbox}}}:{int(lane)}"


class StreamPost:
    """A `Post` on a Valkey or Redis server or cluster; see there.

    Args:
        client: From `streams.open_client`; the caller closes it.
        inbox: Whose entries are read.
        consumer: This process; keep the name over restarts, so that it gets its own back at once.
        reader: Another client for reads that wait, so that nothing else waits with them.
    """

    def __init__(self, client: Client, inbox: str, consumer: str, *, reader: Client | None = None) -> None:
        self._client = client
        self._reader = reader or client
        self._inbox = inbox
        self._consumer = consumer
        self._keys = {lane: lane_key(inbox, lane) for lane in Lane}
        self._lane_of = {key.encode(): lane for lane, key in self._keys.items()}
        self._has_groups = False
        self._history: dict[Lane, str] = {}

    async def exchange(self, parcels: Sequence[Parcel], done: Sequence[Entry]) -> None:
        if not parcels and not done:
            return
        async with translated():
            pipeline = self._client.pipeline(transaction=False)
            for parcel in parcels:
                pipeline.xadd(lane_key(parcel.inbox, parcel.lane), {_DATA: parcel.data})
            for lane in Lane:
                positions = [entry.position for entry in done if entry.lane is lane]
                if positions:
                    pipeline.xack(self._keys[lane], GROUP, *positions)
                    pipeline.xdel(self._keys[lane], *positions)
            await pipeline.execute()

    async def receive(self, lanes: Sequence[Lane], *, limit: int, wait_seconds: float) -> list[Entry]:
        async with translated():
            try:
                return await self._receive(lanes, limit, wait_seconds)
            except ResponseError as error:
                if not str(error).startswith("NOGROUP"):
                    raise
                self._has_groups = False
                return await self._receive(lanes, limit, wait_seconds)

    async def backlog(self, inbox: str) -> int:
        async with translated():
            lengths = [await self._client.xlen(lane_key(inbox, lane)) for lane in Lane]
        return sum(int(length) for length in lengths)

    async def close(self) -> None:
        """The client is the caller's."""

    async def _receive(self, lanes: Sequence[Lane], limit: int, wait_seconds: float) -> list[Entry]:
        await self._ensure_groups()
        found = await self._read_own_history(limit)
        if found or not lanes:
            return found
        pause = min(wait_seconds, LONGEST_BLOCK_SECONDS)
        block = max(int(pause * 1000), 1) if pause > 0 else None
        answer: Any = await self._reader.xreadgroup(
            GROUP, self._consumer, {self._keys[lane]: ">" for lane in lanes}, count=limit, block=block
        )
        return self._entries(answer, 1)

    async def _ensure_groups(self) -> None:
        if self._has_groups:
            return
        for key in self._keys.values():
            try:
                await self._client.xgroup_create(key, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise
        self._has_groups = True
        self._history = dict.fromkeys(Lane, "0")

    async def _read_own_history(self, limit: int) -> list[Entry]:
        """What this consumer was handed before it died, once after a start, with how often."""
        found: list[Entry] = []
        for lane, after in list(self._history.items()):
            answer: Any = await self._client.xreadgroup(GROUP, self._consumer, {self._keys[lane]: after}, count=limit)
            entries = self._entries(answer, 2)
            if not entries:
                del self._history[lane]
                continue
            self._history[lane] = entries[-1].position
            pending: Any = await self._client.xpending_range(
                self._keys[lane], GROUP, min=entries[0].position, max=entries[-1].position, count=limit
            )
            times = {row["message_id"].decode(): int(row["times_delivered"]) for row in pending}
            found += [
                Entry(lane, entry.position, entry.data, times.get(entry.position, 2)) for entry in entries if entry.data
            ]
        return found

    def _entries(self, answer: Any, deliveries: int) -> list[Entry]:
        return [
            _entry(self._lane_of[bytes(key)], position, fields or {}, deliveries)
            for key, entries in answer or []
            for position, fields in entries
        ]


def _entry(lane: Lane, position: bytes, fields: Any, deliveries: int) -> Entry:
    return Entry(lane, position.decode(), fields.get(_DATA, b""), deliveries)
