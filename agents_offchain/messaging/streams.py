"""Durable topics over Valkey or Redis Streams: one consumer group per host or process.

Each topic is one stream; its keys share a hash tag, so that a cluster keeps them in one slot. Entries are
acknowledged only after they were acted on, and only entries that every group acknowledged are ever trimmed.
What a dead consumer left behind is taken over with XAUTOCLAIM. Drivers' exceptions end here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from agents_offchain.messaging.errors import BusMisused, BusUnavailable
from agents_offchain.messaging.mailbox import Delivery
from agents_offchain.primitives.clock import Clock, SystemClock, has_passed

log = structlog.get_logger(__name__)
Client = Any
"""`Redis` or `RedisCluster`; the commands used here are the same on both."""
PREFIX = "aitbc"
REMEMBER_SECONDS = 7 * 86_400
"""How long an id is known to have been published."""
LONGEST_BLOCK_SECONDS = 2.0
"""A read waits no longer in one go, so that a server that hangs is told from one that has nothing to say."""
_ID, _PAYLOAD = b"id", b"payload"
_PASSING = (OutOfMemoryError, ReadOnlyError, ClusterDownError, TryAgainError, BusyLoadingError)
_PASSING_WORDS = ("MISCONF", "MASTERDOWN", "NOREPLICAS", "BUSY ", "OOM")
"""Refusals that pass: full, loading, without a master, or busy."""
_APPEND = """
if redis.call('EXISTS', KEYS[2]) == 1 then return false end
local position = redis.call('XADD', KEYS[1], '*', 'id', ARGV[2], 'payload', ARGV[3])
redis.call('SET', KEYS[2], position, 'EX', ARGV[1])
return position
"""
"""Atomic append-once; the entry is written before the id is remembered, so an error forgets nothing."""


KEEP_SECONDS = 3 * 86_400.0
"""Longer than any message of the product lives."""
TRIM_EVERY_SECONDS = 3_600.0


def connect(url: str, *, timeout_seconds: float = 5.0) -> Redis:
    """A client for `redis://`, `rediss://` or `unix://` URLs that answers in RESP 2 shapes.

    Args:
        timeout_seconds: For one answer, `LONGEST_BLOCK_SECONDS` of waiting included.
    """
    return Redis.from_url(
        url,
        protocol=2,
        decode_responses=False,
        socket_connect_timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        health_check_interval=30,
    )


async def open_client(url: str, *, timeout_seconds: float = 5.0) -> Client:
    """As `connect`, for one server or for the cluster that the server belongs to.

    Raises:
        BusUnavailable: the server does not answer.
    """
    client = connect(url, timeout_seconds=timeout_seconds)
    async with translated():
        facts = await client.info("cluster")
        if not int(facts.get("cluster_enabled", 0)):
            return client
        await client.aclose()
        return RedisCluster.from_url(url, protocol=2, decode_responses=False, socket_timeout=timeout_seconds)


class StreamMailbox:
    """A `Mailbox` on a Valkey or Redis server; see there for the semantics.

    Args:
        client: From `connect`; closed with the mailbox.
        group: Readers that share one copy of each message.
        consumer: This reader; keep the name over restarts, so that it gets its own back at once.
        recovery_idle_seconds: Unacknowledged for this long, a message is taken from its consumer.
        keep_seconds: What is older and acknowledged by every group is dropped, looked for once an hour.
    """

    def __init__(
        self,
        client: Client,
        group: str,
        consumer: str,
        *,
        recovery_idle_seconds: float = 30.0,
        keep_seconds: float = KEEP_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._group = group
        self._consumer = consumer
        self._idle_ms = int(recovery_idle_seconds * 1000)
        self._clock = clock or SystemClock()
        self._grouped: set[str] = set()
        self._history: dict[str, str] = {}
        self._claimed_at: dict[str, float] = {}
        self._keep_seconds = keep_seconds
        self._trimmed_at: dict[str, float] = {}

    async def publish(self, topic: str, message_id: str, payload: bytes) -> bool:
        keys = (stream_key(topic), f"{PREFIX}:{{{topic}}}:seen:{message_id}")
        async with translated():
            position = await self._client.eval(_APPEND, 2, *keys, REMEMBER_SECONDS, message_id, payload)
        return position is not None

    async def receive(self, topic: str, *, limit: int = 64, wait_seconds: float = 0.0) -> list[Delivery]:
        async with translated():
            try:
                return await self._receive(topic, limit, wait_seconds)
            except ResponseError as error:
                if not str(error).startswith("NOGROUP"):
                    raise
                self._forget(topic)  # the server lost its data, and the group with it
                return await self._receive(topic, limit, wait_seconds)

    async def touch(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        positions = [item.position for item in deliveries]
        async with translated():
            await self._client.xclaim(
                stream_key(topic), self._group, self._consumer, min_idle_time=0, message_ids=positions, justid=True
            )

    async def join(self, topic: str) -> None:
        async with translated():
            await self._make_group(topic, stream_key(topic), "$")

    async def read_after(self, topic: str, position: str, *, limit: int = 1_000) -> list[Delivery]:
        async with translated():
            answer: Any = await self._client.xrange(
                stream_key(topic), min=f"({position}" if position != "0" else "-", max="+", count=limit
            )
        return [_delivery(topic, entry) for entry in answer]

    async def acknowledge(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        async with translated():
            await self._client.xack(stream_key(topic), self._group, *[item.position for item in deliveries])
        await self._trim_when_due(topic)

    async def _trim_when_due(self, topic: str) -> None:
        """A topic that nobody trims fills the server, and then nothing can be published."""
        now = self._clock.now_seconds()
        if not has_passed(TRIM_EVERY_SECONDS, since=self._trimmed_at.get(topic, 0.0), now=now):
            return
        self._trimmed_at[topic] = now
        dropped = await self.trim(topic, keep_seconds=self._keep_seconds)
        if dropped:
            log.info("topic_trimmed", topic=topic, dropped=dropped)

    async def count_unread(self, topic: str) -> int:
        """Messages this group has not acknowledged, delivered or not."""
        key = stream_key(topic)
        async with translated():
            if not await self._client.exists(key):
                return 0
            for group in await self._client.xinfo_groups(key):
                if _text(group["name"]) == self._group:
                    return int(group["pending"]) + int(group["lag"] or 0)
            return int(await self._client.xlen(key))

    async def trim(self, topic: str, *, keep_seconds: float) -> int:
        """Drop entries older than `keep_seconds` that every group has acknowledged; how many.

        A topic without a group is left alone: nobody has read it yet.
        """
        key = stream_key(topic)
        async with translated():
            if not await self._client.exists(key):
                return 0
            bounds = [await self._first_needed(key, group) for group in await self._client.xinfo_groups(key)]
            if not bounds:
                return 0
            oldest = (max(int((self._clock.now_seconds() - keep_seconds) * 1000), 0), 0)
            bound = min([oldest, *bounds])
            return int(await self._client.xtrim(key, minid=f"{bound[0]}-{bound[1]}", approximate=False))

    async def close(self) -> None:
        async with translated():
            await self._client.aclose()

    async def _receive(self, topic: str, limit: int, wait_seconds: float) -> list[Delivery]:
        key = stream_key(topic)
        await self._ensure_group(topic, key)
        found = await self._read_own_history(topic, key, limit)
        found += await self._claim_idle(topic, key, limit - len(found))
        if len(found) < limit:
            pause = min(wait_seconds, LONGEST_BLOCK_SECONDS, self._until_next_claim(topic))
            block = max(int(pause * 1000), 1) if pause > 0 and not found else None
            found += await self._read(topic, key, ">", limit - len(found), block)
        return found

    async def _ensure_group(self, topic: str, key: str) -> None:
        if topic not in self._grouped:
            await self._make_group(topic, key, "0")

    async def _make_group(self, topic: str, key: str, start: str) -> None:
        try:
            await self._client.xgroup_create(key, self._group, id=start, mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._grouped.add(topic)
        self._history[topic] = "0"

    async def _read_own_history(self, topic: str, key: str, limit: int) -> list[Delivery]:
        """What this consumer was handed before it died, once after a start."""
        after = self._history.get(topic)
        if after is None:
            return []
        found = await self._counted(topic, key, await self._read(topic, key, after, limit, None))
        if found:
            self._history[topic] = found[-1].position
        if len(found) < limit:
            self._history.pop(topic, None)
        return found

    def _until_next_claim(self, topic: str) -> float:
        """Seconds; nobody waits for news while the work of the dead is due."""
        since = self._clock.now_seconds() - self._claimed_at.get(topic, 0.0)
        return min(max(self._idle_ms / 2000 - since, 0.001), self._idle_ms / 2000)

    async def _claim_idle(self, topic: str, key: str, limit: int) -> list[Delivery]:
        now = self._clock.now_seconds()
        if limit <= 0 or not has_passed(self._idle_ms / 2000, since=self._claimed_at.get(topic, 0.0), now=now):
            return []
        answer: Any = await self._client.xautoclaim(
            key, self._group, self._consumer, min_idle_time=self._idle_ms, start_id="0-0", count=limit
        )
        found = await self._counted(topic, key, [_delivery(topic, entry) for entry in answer[1] if entry[1]])
        if len(found) < limit:
            self._claimed_at[topic] = now
        return found

    async def _read(self, topic: str, key: str, after: str, limit: int, block: int | None) -> list[Delivery]:
        answer: Any = await self._client.xreadgroup(self._group, self._consumer, {key: after}, count=limit, block=block)
        return [_delivery(topic, entry) for _, entries in answer or [] for entry in entries if entry[1]]

    async def _counted(self, topic: str, key: str, found: list[Delivery]) -> list[Delivery]:
        """With how often each was handed out; asked for only after somebody died."""
        if not found:
            return found
        rows: Any = await self._client.xpending_range(
            key, self._group, min=found[0].position, max=found[-1].position, count=4 * len(found)
        )
        times = {_text(row["message_id"]): int(row["times_delivered"]) for row in rows}
        return [replace(item, deliveries=times.get(item.position, 2)) for item in found]

    async def _first_needed(self, key: str, group: Any) -> tuple[int, int]:
        """The oldest position that this group has not acknowledged."""
        if int(group["pending"]):
            summary = await self._client.xpending(key, _text(group["name"]))
            if summary["min"] is not None:  # none when all was acknowledged since we asked
                return _position(summary["min"])
        milliseconds, sequence = _position(group["last-delivered-id"])
        return milliseconds, sequence + 1

    def _forget(self, topic: str) -> None:
        self._grouped.discard(topic)
        self._claimed_at.pop(topic, None)


def stream_key(topic: str) -> str:
    """The stream of a topic."""
    return f"{PREFIX}:{{{topic}}}:stream"


def _delivery(topic: str, entry: Any) -> Delivery:
    position, fields = entry
    return Delivery(topic, _text(position), _text(fields.get(_ID, b"")), bytes(fields.get(_PAYLOAD, b"")))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _position(value: bytes | str) -> tuple[int, int]:
    milliseconds, _, sequence = _text(value).partition("-")
    return int(milliseconds), int(sequence or 0)


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn the driver's exceptions into ours."""
    try:
        yield
    except ResponseError as error:
        text = str(error)
        if isinstance(error, _PASSING) or text.startswith(_PASSING_WORDS):
            raise BusUnavailable(f"The message server cannot serve us now: {text}.") from error
        raise BusMisused(f"The message server rejects a command: {text}.") from error
    except (RedisError, OSError) as error:
        raise BusUnavailable(
            f"The message server does not answer: {type(error).__name__}.",
            mend="Is it running? `aitbc status` tells.",
        ) from error
