"""One question to many: read once by each host, answered once by it, and every voice believed for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.asks import Answer
from agents_offchain.messaging.host.gathering import EVERYBODY, Gathering
from agents_offchain.messaging.protocols.message import Frame, wallet_of
from agents_offchain.messaging.protocols.voices import MOST_BYTES, Voices, read_voices
from agents_offchain.messaging.routing.quota import Quota
from agents_offchain.primitives.errors import Refused
from tests.unit.messaging.host_world import World, echo_agent

pytestmark = pytest.mark.unit
ANN, BOB = "ann@0x" + "a1" * 20, "bob@0x" + "b2" * 20
BOTH = frozenset({wallet_of(ANN), wallet_of(BOB)})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    there = World()
    yield there
    await there.close()


def plain_agent(name: str, answer: Any = None, error: Exception | None = None) -> Agent:
    """Answers in place; `heard` counts how often it was asked."""
    agent = Agent(name, capabilities=("sing",), key="choir")
    agent.heard = 0  # type: ignore[attr-defined]

    @agent.on("sing/1")
    def sing(context: Any, body: Any) -> Any:
        agent.heard += 1  # type: ignore[attr-defined]
        if error is not None:
            raise error
        return {"by": name, "said": body} if answer is None else answer

    return agent


async def asker_in(world: World) -> Agent:
    asker = Agent("asker", key="asker")
    await world.start("two", asker)
    return asker


async def gather(asker: Agent, target: str = "capability:sing", kind: str = "sing/1") -> Any:
    return await asker.gather(target, kind, 1, until=EVERYBODY, deadline_seconds=30)


async def test_gather__of_many_plain_agents__comes_back_in_one_message(world: World) -> None:
    host = await world.start("one", *(plain_agent(f"s-{number}") for number in range(30)))
    asker = await asker_in(world)
    gathered = await gather(asker)
    assert {answer.sender: answer.body for answer in gathered.answers} == {
        agent.id: {"by": agent.name, "said": 1} for agent in host.agents.values()
    }
    assert host.metrics.counts["sent"] == 1
    assert host.metrics.counts["handled"] == 30


async def test_gather__of_agents_that_fail_wait_or_answer_nonsense__names_each(world: World) -> None:
    slow = echo_agent("slow", key="choir")
    slow.capabilities = plain_agent("x").capabilities
    slow.handlers["sing/1"] = slow.handlers["echo/1"]
    deaf = Agent("deaf", capabilities=("sing",), key="choir")
    refusing = plain_agent("refusing", error=Refused("never"))
    broken, strange = plain_agent("broken", error=ValueError("x")), plain_agent("strange", answer=object())
    await world.start("one", plain_agent("good"), slow, deaf, refusing, broken, strange)
    gathered = await gather(await asker_in(world))
    assert sorted(answer.sender.partition("@")[0] for answer in gathered.answers) == ["good", "slow"]
    reasons = {agent.partition("@")[0]: failure.kind for agent, failure in gathered.failures.items()}
    assert reasons == {
        "deaf": "HandlerMissing",
        "refusing": "Refused",
        "broken": "HandlerFailed",
        "strange": "EnvelopeInvalid",
    }


async def test_broadcast__that_arrives_twice__is_acted_on_once_and_answered_again(world: World) -> None:
    singer = plain_agent("s")
    host = await world.start("one", singer)
    asker = await asker_in(world)
    send = asker.host.outbound.send

    def send_twice(name: str, lane: Any, frame: Frame) -> int:
        send(name, lane, frame)
        return send(name, lane, frame)

    asker.host.outbound.send = send_twice  # type: ignore[method-assign]
    assert len((await gather(asker)).answers) == 1
    await host.outbound.idle()
    assert singer.heard == 1  # type: ignore[attr-defined]
    assert (host.metrics.counts["repeated"], host.metrics.counts["sent"]) == (1, 2)


async def test_broadcast__above_the_senders_quota__is_answered_with_when_to_come_again(world: World) -> None:
    await world.start("one", plain_agent("a"), plain_agent("b"), quota=Quota(per_second=0.001, burst=1))
    asker = await asker_in(world)
    assert len((await gather(asker)).answers) == 2, "a broadcast counts once, for however many it is"
    failures = (await gather(asker)).failures
    assert [failure.is_retryable for failure in failures.values()] == [True, True]


async def test_broadcast__of_an_agent_here__is_not_heard_by_itself(world: World) -> None:
    first, second = plain_agent("first"), plain_agent("second")
    await world.start("one", first, second)
    assert [answer.sender for answer in (await gather(first)).answers] == [second.id]
    assert [answer.sender for answer in (await gather(second)).answers] == [first.id]


async def test_broadcast__of_a_type_learnt_while_running__is_handled(world: World) -> None:
    singer = plain_agent("s")
    await world.start("one", singer)
    asker = await asker_in(world)
    assert (await gather(asker, kind="hum/1")).answers == ()

    @singer.on("hum/1")
    def hum(context: Any, body: Any) -> str:
        return "mm"

    assert [answer.body for answer in (await gather(asker, kind="hum/1")).answers] == ["mm"]


@given(
    st.dictionaries(st.integers(0, 60), st.text(max_size=40_000), max_size=30),
    st.sets(st.integers(0, 60), max_size=10),
)
def test_voices__of_any_size__are_read_as_they_were_said(said: dict[int, str], failing: set[int]) -> None:
    numbers = sorted(said | dict.fromkeys(failing, ""))
    agents = [f"s-{number}@0x{number:040x}" for number in numbers]
    failures = {place: b'"no"' for place, number in enumerate(numbers) if number in failing}
    answers = [None if number in failing else said[number] for number in numbers]
    came: dict[str, Any] = {}
    for body in Voices(agents, answers, failures).parts():
        assert len(body) < 2 * MOST_BYTES
        part = read_voices(body, frozenset(map(wallet_of, agents)))
        for place, agent in enumerate(part.agents):
            came[agent] = part.failures.get(place, part.answers[place])
    assert came == {
        agent: failures.get(place, answer) for place, (agent, answer) in enumerate(zip(agents, answers, strict=True))
    }


def test_voices__of_a_wallet_that_the_session_does_not_speak_for__are_left_out() -> None:
    (body,) = Voices([ANN, BOB], [1, None], {1: b'"why"'}).parts()
    only = read_voices(body, frozenset({wallet_of(BOB)}))
    assert (list(only.agents), list(only.answers), only.failures) == ([BOB], [None], {0: b'"why"'})
    assert read_voices(body, BOTH).failures == {1: b'"why"'}
    assert list(read_voices(body, frozenset()).agents) == []


def wire(agents: Any, answers: bytes, failures: Any) -> bytes:
    return msgspec.msgpack.encode((msgspec.msgpack.encode(agents), answers, failures))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        wire([ANN], b"[1, 2]", {}),
        wire([ANN], b"{}", {}),
        wire([ANN], b"[", {}),
        wire([ANN], b"[1]", {1: b"x"}),
        wire([ANN], b"[1]", {-1: b"x"}),
        wire([ANN, ANN], b"[1, 2]", {}),
        wire(["nobody"], b"[1]", {}),
        wire([1], b"[1]", {}),
        wire("x", b"[1]", {}),
        msgspec.msgpack.encode((b"\xff", b"[]", {})),
    ],
)
def test_voices__that_are_none__are_refused(body: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        read_voices(body, BOTH)


@given(st.binary(max_size=200))
def test_voices__of_any_bytes__are_read_or_refused(body: bytes) -> None:
    try:
        voices = read_voices(body, BOTH)
    except EnvelopeInvalid:
        return
    assert len(voices.agents) == len(voices.answers)


async def test_gathering__given_second_words__keeps_the_first() -> None:
    gathering = Gathering(2, 2)
    gathering.take_many(Voices([ANN], [1]))
    gathering.take_many(Voices([ANN, BOB], [2, None], {0: b"{}", 1: b"junk"}))
    result = gathering.result()
    assert result.answers == (Answer(ANN, 1),)
    assert [failure.kind for failure in result.failures.values()] == ["Unreadable"]
    gathering.take_many(Voices([BOB], [3]))
    assert gathering.result().answers == (Answer(ANN, 1),)
    assert gathering.enough.is_set()
