"""Hosts on a real Valkey: one that dies, one that is a cluster, and one full of others' mail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.gathering import EVERYBODY
from agents_offchain.messaging.post import Entry, Lane, Parcel
from agents_offchain.messaging.protocols.session import Session, SessionBook
from agents_offchain.messaging.routing.cards import HostCard
from agents_offchain.messaging.routing.directory import GONE_SECONDS, ValkeyDirectory, View, write_card
from agents_offchain.messaging.stream_post import StreamPost, lane_key
from agents_offchain.messaging.streams import open_client
from agents_offchain.primitives.clock import ManualClock
from tests.integration.messaging.cluster import ValkeyCluster
from tests.integration.messaging.conftest import EmbeddedValkey
from tests.integration.messaging.real_hosts import RealHost
from tests.unit.messaging.host_world import DOMAIN, echo_agent

pytestmark = pytest.mark.integration


@pytest.fixture
async def cluster() -> AsyncIterator[ValkeyCluster]:
    three = ValkeyCluster()
    try:
        await three.start()
        yield three
    finally:
        await three.stop()


async def until(fact: Any) -> None:
    async with asyncio.timeout(20):
        while not fact():
            await asyncio.sleep(0.01)


async def test_hosts__on_a_cluster_of_three__talk_in_every_pattern(cluster: ValkeyCluster) -> None:
    heard, worked = [], []
    agent = echo_agent()

    @agent.on_topic("news")
    async def news(context: Any, body: Any) -> None:
        heard.append(body)

    @agent.on_queue("work")
    async def work(context: Any, body: Any) -> None:
        worked.append(body)

    asker = Agent("asker", key="asker")
    hosts = [await RealHost.start(cluster.url, f"host-{number}", echo_agent(f"echo-{number}")) for number in range(3)]
    hosts.append(await RealHost.start(cluster.url, "listener", agent))
    hosts.append(await RealHost.start(cluster.url, "asker", asker))
    try:
        answers = await asyncio.gather(*(asker.ask("capability:echo", "echo/1", n) for n in range(100)))
        assert sorted(answer["said"] for answer in answers) == list(range(100))
        assert len({answer["by"] for answer in answers}) > 1
        everybody = await asker.gather("capability:echo", "echo/1", 1, until=EVERYBODY, deadline_seconds=10)
        assert len(everybody.answers) == 4
        await asker.publish("news", "headline/1", "hello")
        await asker.enqueue("work", "job/1", "task")
        await until(lambda: heard == ["hello"] and worked == ["task"])
        assert [message.data() for _, message in await asker.host.replay("news")] == ["hello"]
    finally:
        for host in hosts:
            await host.close()


async def test_hosts__when_the_server_is_killed_and_comes_back__answer_every_question(valkey: EmbeddedValkey) -> None:
    asker = Agent("asker", key="asker")
    hosts = [await RealHost.start(valkey.spec.url, "one", echo_agent())]
    hosts.append(await RealHost.start(valkey.spec.url, "two", asker))
    try:
        assert (await asker.ask("echo", "echo/1", 0))["said"] == 0
        await valkey.kill()
        asking = [
            asyncio.ensure_future(asker.ask("echo", "echo/1", n, deadline_seconds=30, retry_seconds=0.5))
            for n in range(20)
        ]
        await until(lambda: asker.host.metrics.counts["bus_failures"] > 1)
        await valkey.start()
        answers = await asyncio.gather(*asking)
        assert [answer["said"] for answer in answers] == list(range(20))
    finally:
        for host in hosts:
            await host.close()


@pytest.mark.parametrize("skew_seconds", [-3_600, 3_600])
async def test_directory__asked_by_a_clock_an_hour_off__measures_leases_by_the_servers(
    valkey: EmbeddedValkey, skew_seconds: float
) -> None:
    client = await open_client(valkey.spec.url)
    directory, session = ValkeyDirectory(client), Session.fresh()
    view = View(directory, SessionBook(Session.fresh(), DOMAIN), ManualClock(time.time() + skew_seconds))
    try:
        for host, seconds in (("lasting", 60.0), ("passing", 0.3)):
            await directory.publish(host, write_card(HostCard(host, session.public, (), ())), seconds)
        await view.refresh()
        assert sorted(view.hosts()) == ["lasting", "passing"]
        async with asyncio.timeout(10):
            while view.hosts() != ["lasting"]:
                await view.refresh()
        assert await directory.renew("passing", b"", 60.0)
        await view.refresh()
        assert sorted(view.hosts()) == ["lasting", "passing"]
        await directory.publish("forgotten", b"", -2 * GONE_SECONDS)
        assert "forgotten" in (await directory.read(-1)).leases
        assert "forgotten" not in (await directory.read(-1)).leases
    finally:
        await client.aclose()


async def test_host__killed_with_work_in_hand__finds_it_again(valkey: EmbeddedValkey) -> None:
    session, begun, done = Session.fresh(), [], []

    def sink(is_stuck: bool) -> Agent:
        agent = Agent("sink", key="sink")

        @agent.on("note/1")
        async def note(context: Any, body: Any) -> None:
            begun.append(body)
            if is_stuck:
                await asyncio.Event().wait()
            done.append(body)

        return agent

    teller = Agent("teller", key="teller")
    first = await RealHost.start(valkey.spec.url, "one", sink(True), session=session)
    other = await RealHost.start(valkey.spec.url, "two", teller)
    try:
        for number in range(3):
            await teller.tell("sink", "note/1", number)
        await until(lambda: len(begun) == 3)
        await first.stop()
        second = await RealHost.start(valkey.spec.url, "one", sink(False), session=session)
        await until(lambda: sorted(done) == [0, 1, 2])
        client = await open_client(valkey.spec.url)
        async with asyncio.timeout(10):
            while await client.xlen(lane_key("one", Lane.NORMAL)):
                await asyncio.sleep(0.02)
        await client.aclose()
        await second.close()
    finally:
        await other.close()


async def test_post__of_a_consumer_that_comes_back__hands_out_what_it_had_with_counts(valkey: EmbeddedValkey) -> None:
    client = await open_client(valkey.spec.url)
    post = StreamPost(client, "box", "me")
    await post.exchange([], [])
    assert await post.receive(list(Lane), limit=10, wait_seconds=0.0) == []
    await post.exchange([Parcel("box", lane, bytes([lane])) for lane in Lane], [])
    first = await post.receive(list(Lane), limit=10, wait_seconds=1.0)
    assert sorted(entry.data for entry in first) == [b"\x00", b"\x01", b"\x02"]
    assert await post.backlog("box") == 3
    again = await StreamPost(client, "box", "me").receive(list(Lane), limit=10, wait_seconds=0.0)
    assert sorted(entry.data for entry in again) == [b"\x00", b"\x01", b"\x02"]
    assert {entry.deliveries for entry in again} == {2}
    await post.exchange([], first)
    assert await post.backlog("box") == 0
    await client.flushall()
    await post.exchange([Parcel("box", Lane.BULK, b"new")], [])
    found: list[Entry] = []
    async with asyncio.timeout(10):
        while not found:
            found = await post.receive([Lane.BULK], limit=10, wait_seconds=0.2)
    assert found[0].data == b"new"
    await post.close()
    await client.aclose()
