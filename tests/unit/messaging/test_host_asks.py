"""Questions and answers between hosts: once, in time, from whom was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from agents_offchain.messaging.errors import AskFailed, AskTimedOut, NoRoute
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.gathering import DEADLINE, EVERYBODY, FIRST, at_least
from agents_offchain.messaging.routing.cards import Query
from agents_offchain.primitives.errors import Refused, Retryable
from tests.unit.messaging.host_world import World, echo_agent

pytestmark = pytest.mark.unit


@pytest.fixture
async def world() -> AsyncIterator[World]:
    there = World()
    yield there
    await there.close()


async def pair(world: World, agent: Agent) -> Agent:
    """An asker on another host than `agent`."""
    await world.start("one", agent)
    asker = Agent("asker", key="asker")
    await world.start("two", asker)
    return asker


async def test_ask__of_an_agent_on_another_host__is_answered_in_its_conversation(world: World) -> None:
    asker = await pair(world, echo_agent())
    assert await asker.ask("echo", "echo/1", {"n": 1}) == {"by": "echo", "said": {"n": 1}}
    assert await asker.ask("capability:echo", "echo/1", [2]) == {"by": "echo", "said": [2]}
    assert len(asker.host.asks) == 0


async def test_ask__when_sealed__is_read_by_its_receiver_alone(world: World) -> None:
    asker = await pair(world, echo_agent())
    carried: list[bytes] = []
    exchange = asker.host._ports.post.exchange

    async def watched(parcels: Any, done: Any) -> None:
        carried.extend(parcel.data for parcel in parcels)
        await exchange(parcels, done)

    object.__setattr__(asker.host._ports.post, "exchange", watched)
    answer = await asker.ask("echo", "echo/1", {"secret": "rosebud"}, sealed=True)
    assert answer["said"] == {"secret": "rosebud"}
    assert carried
    assert not any(b"rosebud" in data for data in carried)
    await asker.ask("echo", "echo/1", {"open": "rosebud"})
    assert any(b"rosebud" in data for data in carried), "the watch sees what is not sealed"


async def test_ask__given_nobody_offers_it__has_no_route(world: World) -> None:
    asker = await pair(world, echo_agent())
    with pytest.raises(NoRoute, match="fly"):
        await asker.ask("capability:fly", "fly/1")
    with pytest.raises(NoRoute, match="no routing policy"):
        await asker.ask("capability:echo", "echo/1", policy="by-luck")


async def test_ask__when_nobody_answers_in_time__times_out_and_is_taken_back(world: World) -> None:
    agent, cancelled = Agent("slow", capabilities=("wait",), key="slow"), asyncio.Event()

    @agent.on("wait/1")
    async def wait(context: Any, body: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    asker = await pair(world, agent)
    with pytest.raises(AskTimedOut, match="slow did not answer"):
        await asker.ask("slow", "wait/1", deadline_seconds=1.0)
    async with asyncio.timeout(5):
        await cancelled.wait()


async def test_ask__when_the_asker_stops_waiting__cancels_the_handler(world: World) -> None:
    agent, begun, cancelled = Agent("slow", key="slow"), asyncio.Event(), asyncio.Event()

    @agent.on("wait/1")
    async def wait(context: Any, body: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    asker = await pair(world, agent)
    asking = asyncio.ensure_future(asker.ask("slow", "wait/1", deadline_seconds=60))
    async with asyncio.timeout(5):
        await begun.wait()
        asking.cancel()
        await cancelled.wait()
    assert agent.host.metrics.counts["cancelled"] <= 1


async def test_ask__when_repeated_under_its_id__is_handled_once_and_answered_again(world: World) -> None:
    agent, calls = Agent("once", key="once"), []

    @agent.on("count/1")
    async def count(context: Any, body: Any) -> int:
        calls.append(context.effect_key)
        await asyncio.sleep(0.15)
        return len(calls)

    asker = await pair(world, agent)
    assert await asker.ask("once", "count/1", retry_seconds=0.04) == 1
    assert len(calls) == 1
    async with asyncio.timeout(5):
        while not agent.host.metrics.counts["repeated"]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("is_final", [True, False])
async def test_ask__when_the_first_fails__goes_elsewhere_only_if_it_may_be_retried(
    world: World, is_final: bool
) -> None:
    calls: list[str] = []
    for name in ("bad", "good"):
        agent = Agent(name, capabilities=("work",), key=name)

        @agent.on("work/1")
        async def work(context: Any, body: Any, name: str = name) -> str:
            calls.append(name)
            if name == "bad":
                raise Refused("not me") if is_final else Retryable("not now")
            return name

        await world.start(f"host-{name}", agent)
    asker = Agent("asker", key="asker")
    await world.start("two", asker)
    if is_final:
        with pytest.raises(AskFailed, match="not me"):
            await asker.ask("capability:work", "work/1", policy="direct")
        assert calls == ["bad"]
    else:
        assert await asker.ask("capability:work", "work/1", policy="direct") == "good"
        assert calls == ["bad", "good"]


async def test_ask__when_the_first_host_is_dead__takes_the_backup_route(world: World) -> None:
    dead = await world.start("host-a", echo_agent("first"))
    await world.start("host-b", echo_agent("second"))
    asker = Agent("asker", key="asker")
    host = await world.start("two", asker)
    await world.kill(dead)
    answer = await asker.ask("capability:echo", "echo/1", policy="direct", deadline_seconds=0.8)
    assert answer["by"] == "second"
    assert host.metrics.counts["rerouted"] + host.metrics.counts["hedged"] <= 1


async def test_ask__when_hedged__asks_a_second_one_and_stops_the_slower(world: World) -> None:
    agents, stopped = [], asyncio.Event()
    for name in ("slow", "quick"):
        agent = Agent(name, capabilities=("work",), key=name)

        @agent.on("work/1")
        async def work(context: Any, body: Any, name: str = name) -> str:
            if name == "slow":
                try:
                    await asyncio.Event().wait()
                finally:
                    stopped.set()
            return name

        agents.append(agent)
    await world.start("one", *agents)
    asker = Agent("asker", key="asker")
    host = await world.start("two", asker)
    wishes: dict[str, Any] = {"policy": "direct", "hedge_seconds": 0.05, "deadline_seconds": 10}
    order = host.router.route(Query(capability="work"), "direct")
    answer = await asker.ask("capability:work", "work/1", **wishes)
    assert answer == "quick"
    if order[0].agent.id.startswith("slow"):
        async with asyncio.timeout(5):
            await stopped.wait()
        assert host.metrics.counts["hedged"] == 1


class Order(BaseModel):
    pieces: int


class Tight(msgspec.Struct):
    pieces: int


@pytest.mark.parametrize("shape", [Order, Tight])
async def test_ask__given_a_body_of_another_shape__is_refused_by_the_edge(world: World, shape: type) -> None:
    agent = Agent("shop", key="shop")

    @agent.on("order/1", body=shape)
    async def order(context: Any, body: Any) -> Any:
        return body.pieces if shape is Tight else body

    asker = await pair(world, agent)
    assert await asker.ask("shop", "order/1", {"pieces": 3}) in (3, {"pieces": 3})
    with pytest.raises(AskFailed, match="not a"):
        await asker.ask("shop", "order/1", {"pieces": "many"})
    with pytest.raises(AskFailed, match="does not handle"):
        await asker.ask("shop", "refund/1", {"pieces": 3})


async def test_stream__of_parts__comes_in_order_and_ends(world: World) -> None:
    agent = Agent("poet", key="poet")

    @agent.on("verse/1")
    async def verse(context: Any, body: Any) -> AsyncIterator[str]:
        for number in range(body):
            yield f"line {number}"

    asker = await pair(world, agent)
    lines = [part.body async for part in asker.stream("poet", "verse/1", 5)]
    assert lines == [f"line {number}" for number in range(5)]


async def test_stream__when_the_handler_fails_half_way__raises_after_what_came(world: World) -> None:
    agent = Agent("poet", key="poet")

    @agent.on("verse/1")
    async def verse(context: Any, body: Any) -> AsyncIterator[str]:
        yield "one"
        raise Refused("out of ink")

    asker = await pair(world, agent)
    parts = asker.stream("poet", "verse/1", None)
    assert (await anext(parts)).body == "one"
    with pytest.raises(AskFailed, match="out of ink"):
        await anext(parts)


async def test_handler__asking_on__inherits_deadline_conversation_and_trace(world: World) -> None:
    inner, outer, heard = Agent("inner", key="inner"), Agent("outer", key="outer"), []

    @inner.on("deep/1")
    async def deep(context: Any, body: Any) -> str:
        heard.append(context.message.header)
        return "done"

    @outer.on("wide/1")
    async def wide(context: Any, body: Any) -> Any:
        heard.append(context.message.header)
        return await context.ask("inner", "deep/1", deadline_seconds=3_600)

    await world.start("three", inner)
    asker = await pair(world, outer)
    assert await asker.ask("outer", "wide/1", deadline_seconds=5) == "done"
    first, second = heard
    assert second.expires <= first.expires
    assert second.correlation == first.correlation == first.id
    assert second.causation == first.id
    assert second.trace[:36] == first.trace[:36]
    assert second.trace != first.trace


async def test_gather__of_all_who_offer_it__collects_until_it_is_enough(world: World) -> None:
    await world.start("one", *(echo_agent(f"echo-{number}", key="echo") for number in range(5)))
    asker = await pair_free(world)
    everybody = await asker.gather("capability:echo", "echo/1", 1, until=EVERYBODY, deadline_seconds=5)
    assert (len(everybody.answers), everybody.asked, everybody.is_complete) == (5, 5, True)
    assert len((await asker.gather("capability:echo", "echo/1", 1, until=FIRST, deadline_seconds=5)).answers) >= 1
    assert len((await asker.gather("capability:echo", "echo/1", 1, until=at_least(3), deadline_seconds=5)).answers) >= 3
    late = await asker.gather("capability:echo", "echo/1", 1, until=DEADLINE, deadline_seconds=0.3)
    assert len(late.answers) == 5
    nobody = await asker.gather("capability:fly", "fly/1", until=EVERYBODY, deadline_seconds=0.2)
    assert (nobody.asked, nobody.answers, nobody.is_complete) == (0, (), True)


async def test_gather__of_all_agents__names_those_that_cannot(world: World) -> None:
    await world.start("one", echo_agent("a"), Agent("mute", key="mute"))
    asker = await pair_free(world)
    gathered = await asker.gather("all", "echo/1", 1, until=EVERYBODY, deadline_seconds=5)
    assert [answer.body["by"] for answer in gathered.answers] == ["a"]
    assert [agent.partition("@")[0] for agent in gathered.failures] == ["mute"]


async def pair_free(world: World) -> Agent:
    asker = Agent("asker", key="asker")
    await world.start("two", asker)
    return asker
