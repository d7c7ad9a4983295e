"""What every mailbox promises; the memory twin and the one over streams run the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from agents_offchain.messaging.mailbox import Delivery, Mailbox

TOPIC = "verdicts:31337:0xabc"


class OpenMailbox(Protocol):
    """Gives a consumer of a group; the same names again are the same consumer after a restart."""

    def __call__(self, group: str, consumer: str, *, recovery_idle_seconds: float = 30.0) -> Mailbox: ...


def payloads(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.payload for delivery in deliveries]


async def drain(mailbox: Mailbox, count: int) -> list[Delivery]:
    """Receive until `count` messages came, waiting for each batch rather than sleeping."""
    found: list[Delivery] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await mailbox.receive(TOPIC, wait_seconds=0.2)
    return found


class MailboxContract:
    """Subclasses provide the fixture `open_mailbox`."""

    @pytest.fixture
    async def reader(self, open_mailbox: OpenMailbox) -> AsyncIterator[Mailbox]:
        mailbox = open_mailbox("readers", "one")
        yield mailbox
        await mailbox.close()

    async def test_receive__when_nothing_was_published__gives_nothing(self, reader: Mailbox) -> None:
        assert await reader.receive(TOPIC) == []

    async def test_receive__when_published_before_the_group_existed__gives_all_in_order(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        writer = open_mailbox("writers", "w")
        for number in range(5):
            assert await writer.publish(TOPIC, f"m{number}", b"%d" % number)
        found = await drain(reader, 5)
        assert payloads(found) == [b"0", b"1", b"2", b"3", b"4"]
        assert [delivery.message_id for delivery in found] == [f"m{number}" for number in range(5)]
        await writer.close()

    async def test_publish__when_the_id_was_used_before__appends_nothing(self, reader: Mailbox) -> None:
        assert await reader.publish(TOPIC, "same", b"first")
        assert not await reader.publish(TOPIC, "same", b"second")
        assert payloads(await drain(reader, 1)) == [b"first"]
        assert await reader.receive(TOPIC) == []

    async def test_publish__when_another_topic_used_the_id__appends(self, reader: Mailbox) -> None:
        assert await reader.publish(TOPIC, "same", b"here")
        assert await reader.publish("elsewhere", "same", b"there")

    async def test_receive__when_bytes_are_not_text__gives_them_unchanged(self, reader: Mailbox) -> None:
        data = bytes(range(256)) * 100
        await reader.publish(TOPIC, "binary", data)
        assert payloads(await drain(reader, 1)) == [data]

    async def test_receive__given_two_groups__gives_each_every_message(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        other = open_mailbox("others", "one")
        await reader.publish(TOPIC, "a", b"a")
        assert payloads(await drain(reader, 1)) == payloads(await drain(other, 1)) == [b"a"]
        await other.close()

    async def test_receive__given_two_consumers_of_a_group__gives_each_message_to_one(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        second = open_mailbox("readers", "two")
        for number in range(6):
            await reader.publish(TOPIC, f"m{number}", b"%d" % number)
        mine, theirs = await reader.receive(TOPIC, limit=3), await second.receive(TOPIC)
        assert sorted(payloads(mine) + payloads(theirs)) == [b"%d" % number for number in range(6)]
        await second.close()

    async def test_receive__when_not_acknowledged_and_restarted__gives_it_again_first(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        await reader.publish(TOPIC, "a", b"a")
        await drain(reader, 1)
        await reader.publish(TOPIC, "b", b"b")
        restarted = open_mailbox("readers", "one")
        assert payloads(await drain(restarted, 2)) == [b"a", b"b"]
        await restarted.close()

    async def test_receive__when_acknowledged_and_restarted__does_not_give_it_again(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        await reader.publish(TOPIC, "a", b"a")
        await reader.acknowledge(TOPIC, await drain(reader, 1))
        restarted = open_mailbox("readers", "one")
        assert await restarted.receive(TOPIC) == []
        await restarted.close()

    async def test_receive__when_a_consumer_died_holding_messages__gives_them_to_another(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        for number in range(20):
            await reader.publish(TOPIC, f"m{number}", b"%d" % number)
        held = await drain(reader, 20)
        await reader.acknowledge(TOPIC, held[:5])
        successor = open_mailbox("readers", "two", recovery_idle_seconds=0.0)
        assert payloads(await drain(successor, 15)) == [b"%d" % number for number in range(5, 20)]
        await successor.close()

    async def test_receive__when_a_live_consumer_holds_messages__leaves_them_there(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        await reader.publish(TOPIC, "a", b"a")
        await drain(reader, 1)
        second = open_mailbox("readers", "two", recovery_idle_seconds=30.0)
        assert await second.receive(TOPIC) == []
        await second.close()

    async def test_receive__when_more_is_pending_than_the_limit__gives_all_over_several_calls(
        self, open_mailbox: OpenMailbox, reader: Mailbox
    ) -> None:
        for number in range(10):
            await reader.publish(TOPIC, f"m{number}", b"%d" % number)
        await drain(reader, 10)
        restarted = open_mailbox("readers", "one")
        found = [await restarted.receive(TOPIC, limit=4) for _ in range(3)]
        assert [len(batch) for batch in found] == [4, 4, 2]
        assert payloads([item for batch in found for item in batch]) == [b"%d" % n for n in range(10)]
        await restarted.close()

    async def test_acknowledge__when_repeated__is_harmless(self, reader: Mailbox) -> None:
        await reader.publish(TOPIC, "a", b"a")
        found = await drain(reader, 1)
        await reader.acknowledge(TOPIC, found)
        await reader.acknowledge(TOPIC, found)
        await reader.acknowledge(TOPIC, [])
        assert await reader.receive(TOPIC) == []
