from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from agents_offchain.messaging.errors import BusMisused, BusUnavailable
from agents_offchain.messaging.mailbox import Mailbox
from agents_offchain.messaging.streams import StreamMailbox, connect, stream_key
from tests.integration.messaging.conftest import EmbeddedValkey
from tests.unit.messaging.mailbox_contract import TOPIC, MailboxContract, OpenMailbox, drain, payloads

pytestmark = pytest.mark.integration


def open_stream(server: EmbeddedValkey, group: str, consumer: str, idle: float = 30.0) -> StreamMailbox:
    return StreamMailbox(connect(server.spec.url), group, consumer, recovery_idle_seconds=idle)


class TestStreamMailbox(MailboxContract):
    @pytest.fixture
    def open_mailbox(self, valkey: EmbeddedValkey) -> OpenMailbox:
        def open_one(group: str, consumer: str, *, recovery_idle_seconds: float = 30.0) -> Mailbox:
            return open_stream(valkey, group, consumer, recovery_idle_seconds)

        return open_one


async def test_receive__when_a_message_comes_while_waiting__returns_at_once(valkey: EmbeddedValkey) -> None:
    reader, writer = open_stream(valkey, "g", "r"), open_stream(valkey, "g", "w")
    await reader.receive(TOPIC)
    waiting = asyncio.create_task(reader.receive(TOPIC, wait_seconds=20))
    await writer.publish(TOPIC, "a", b"a")
    async with asyncio.timeout(5):
        assert payloads(await waiting) == [b"a"]
    await reader.close()
    await writer.close()


async def test_receive__when_told_to_wait_long__looks_for_the_work_of_the_dead_in_between(
    valkey: EmbeddedValkey,
) -> None:
    dead, reader = open_stream(valkey, "g", "dead"), open_stream(valkey, "g", "r", idle=0.2)
    await reader.receive(TOPIC)
    await dead.publish(TOPIC, "a", b"a")
    assert payloads(await dead.receive(TOPIC)) == [b"a"]
    waits, read = [], reader._client.xreadgroup

    async def recording(*arguments: Any, block: int | None = None, **named: Any) -> Any:
        waits.append(block)
        return await read(*arguments, block=block, **named)

    reader._client.xreadgroup = recording
    async with asyncio.timeout(10):
        while not (found := await reader.receive(TOPIC, wait_seconds=2.0)):
            pass
    assert payloads(found) == [b"a"]
    assert all(wait is None or 1 <= wait <= 100 for wait in waits), waits
    await dead.close()
    await reader.close()


async def test_receive__when_the_server_hangs__gives_up_and_goes_on_later(valkey: EmbeddedValkey) -> None:
    reader = StreamMailbox(connect(valkey.spec.url, timeout_seconds=0.3), "g", "r", recovery_idle_seconds=0.1)
    await reader.publish(TOPIC, "a", b"a")
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(60):
            with pytest.raises(BusUnavailable):
                await reader.receive(TOPIC)
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    assert payloads(await drain(reader, 1)) == [b"a"]
    await reader.close()


async def test_server__when_killed__keeps_what_was_published_and_what_was_pending(valkey: EmbeddedValkey) -> None:
    reader = open_stream(valkey, "g", "r")
    for number in range(300):
        await reader.publish(TOPIC, f"m{number}", b"%d" % number)
    held = await reader.receive(TOPIC, limit=100)
    await reader.acknowledge(TOPIC, held[:40])
    await valkey.kill()
    with pytest.raises(BusUnavailable):
        await reader.publish(TOPIC, "lost", b"lost")
    await valkey.start()
    assert not await reader.publish(TOPIC, "m0", b"again"), "the id is remembered over the crash"
    await reader.close()
    successor = open_stream(valkey, "g", "successor", idle=0.0)
    found = await successor.receive(TOPIC, limit=1000)
    assert sorted(payloads(found), key=int) == [b"%d" % number for number in range(40, 300)]
    await successor.acknowledge(TOPIC, found)
    assert await successor.count_unread(TOPIC) == 0
    await successor.close()


async def test_receive__when_the_server_lost_its_data__makes_the_group_again(valkey: EmbeddedValkey) -> None:
    reader = open_stream(valkey, "g", "r")
    await reader.publish(TOPIC, "a", b"a")
    await reader.receive(TOPIC)
    client = connect(valkey.spec.url)
    await client.flushall()
    assert await reader.receive(TOPIC) == []
    assert await reader.publish(TOPIC, "a", b"a")
    assert payloads(await drain(reader, 1)) == [b"a"]
    await client.aclose()
    await reader.close()


async def test_trim__given_unacknowledged_entries__keeps_them_and_all_after(valkey: EmbeddedValkey) -> None:
    fast, slow = open_stream(valkey, "fast", "c"), open_stream(valkey, "slow", "c")
    for number in range(10):
        await fast.publish(TOPIC, f"m{number}", b"%d" % number)
    await fast.acknowledge(TOPIC, await fast.receive(TOPIC))
    behind = await slow.receive(TOPIC, limit=6)
    await slow.acknowledge(TOPIC, [behind[0], behind[1], behind[2], behind[4]])
    assert await fast.trim(TOPIC, keep_seconds=-60) == 3
    restarted = open_stream(valkey, "slow", "c")
    assert payloads(await drain(restarted, 6)) == [b"3", b"5", b"6", b"7", b"8", b"9"]
    for mailbox in (fast, slow, restarted):
        await mailbox.close()


async def test_trim__when_all_is_acknowledged_while_it_looks__goes_by_what_was_delivered(
    valkey: EmbeddedValkey,
) -> None:
    reader = open_stream(valkey, "g", "r")
    await reader.publish(TOPIC, "a", b"a")
    (delivery,) = await reader.receive(TOPIC)
    (seen_before,) = await reader._client.xinfo_groups(stream_key(TOPIC))
    assert int(seen_before["pending"]) == 1
    await reader.acknowledge(TOPIC, [delivery])
    milliseconds, sequence = (int(part) for part in delivery.position.split("-"))
    assert await reader._first_needed(stream_key(TOPIC), seen_before) == (milliseconds, sequence + 1)
    await reader.close()


async def test_trim__given_all_acknowledged__keeps_what_is_young(valkey: EmbeddedValkey) -> None:
    reader = open_stream(valkey, "g", "c")
    assert await reader.trim(TOPIC, keep_seconds=0) == 0
    await reader.publish(TOPIC, "a", b"a")
    assert await reader.trim(TOPIC, keep_seconds=-60) == 0, "nobody has read it"
    await reader.acknowledge(TOPIC, await reader.receive(TOPIC))
    assert await reader.trim(TOPIC, keep_seconds=3600) == 0
    assert await reader.trim(TOPIC, keep_seconds=-60) == 1
    await reader.close()


async def test_count_unread__counts_delivered_and_waiting(valkey: EmbeddedValkey) -> None:
    reader = open_stream(valkey, "g", "c")
    assert await reader.count_unread(TOPIC) == 0
    for number in range(5):
        await reader.publish(TOPIC, f"m{number}", b"")
    assert await reader.count_unread(TOPIC) == 5
    found = await reader.receive(TOPIC, limit=3)
    assert await reader.count_unread(TOPIC) == 5
    await reader.acknowledge(TOPIC, found)
    assert await reader.count_unread(TOPIC) == 2
    await reader.close()


async def test_keys__of_one_topic__share_their_hash_tag(valkey: EmbeddedValkey) -> None:
    reader = open_stream(valkey, "g", "c")
    await reader.publish(TOPIC, "a", b"a")
    client = connect(valkey.spec.url)
    keys = [key.decode() for key in await client.keys("*")]
    assert len(keys) == 2
    assert all(f"{{{TOPIC}}}" in key for key in keys)
    await client.aclose()
    await reader.close()


async def test_publish__when_the_key_is_of_another_type__is_fatal(valkey: EmbeddedValkey) -> None:
    client = connect(valkey.spec.url)
    await client.set(stream_key(TOPIC), "not a stream")
    reader = open_stream(valkey, "g", "c")
    with pytest.raises(BusMisused):
        await reader.publish(TOPIC, "a", b"a")
    await client.aclose()
    await reader.close()


async def test_publish__when_the_server_is_out_of_memory__is_retryable(valkey: EmbeddedValkey) -> None:
    client = connect(valkey.spec.url)
    await client.config_set("maxmemory", "1")
    reader = open_stream(valkey, "g", "c")
    with pytest.raises(BusUnavailable):
        await reader.publish(TOPIC, "a", b"a")
    await client.config_set("maxmemory", "0")
    assert await reader.publish(TOPIC, "a", b"a"), "the refused attempt left no trace"
    await client.aclose()
    await reader.close()


async def test_acknowledge__given_old_entries_that_all_have_read__drops_them(valkey: EmbeddedValkey) -> None:
    reader = StreamMailbox(connect(valkey.spec.url), "g", "r", keep_seconds=-60)
    await reader.receive(TOPIC)
    for number in range(3):
        await reader.publish(TOPIC, f"m{number}", b"x")
    await reader.acknowledge(TOPIC, await reader.receive(TOPIC))
    client = connect(valkey.spec.url)
    assert await client.xlen(stream_key(TOPIC)) == 0
    await client.aclose()
    await reader.close()
