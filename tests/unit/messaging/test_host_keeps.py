"""What a host must not lose, must not do twice, and must not believe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from agents_offchain.messaging.errors import AskFailed, EnvelopeInvalid
from agents_offchain.messaging.host import outbound
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.host import Host
from agents_offchain.messaging.host.intake import MAX_DELIVERIES
from agents_offchain.messaging.host.writing import Draft
from agents_offchain.messaging.once import Once
from agents_offchain.messaging.post import Entry, Lane, Parcel
from agents_offchain.messaging.protocols.bundle import pack
from agents_offchain.messaging.protocols.message import (
    MAX_MESSAGE_BYTES,
    TELL,
    Frame,
    body_digest,
    encode_body,
    encode_header,
    read_header,
    write_frame,
)
from agents_offchain.messaging.protocols.session import Session
from agents_offchain.messaging.routing.dead_letters import SqlMorgue
from agents_offchain.messaging.routing.quota import Quota
from agents_offchain.primitives.errors import Retryable
from agents_offchain.storage.database import Database
from agents_offchain.storage.dead_letters import DeadLetters
from agents_offchain.storage.progress import record_progress
from agents_offchain.storage.tables.journal import progress
from tests.unit.messaging.host_world import World, echo_agent
from tests.unit.messaging.test_message import header_for

pytestmark = pytest.mark.unit


@pytest.fixture
async def world() -> AsyncIterator[World]:
    there = World()
    yield there
    await there.close()


async def until(fact: Any) -> None:
    async with asyncio.timeout(8):
        while not fact():
            await asyncio.sleep(0.005)


def collector(name: str = "sink") -> tuple[Agent, list[Any]]:
    agent, got = Agent(name, key=name), []

    @agent.on("note/1")
    async def note(context: Any, body: Any) -> None:
        got.append(body)

    return agent, got


async def test_tell__when_the_receiver_dies_before_it_acted__is_acted_on_after_its_return(world: World) -> None:
    session, stuck = Session.fresh(), Agent("sink", key="sink")

    @stuck.on("note/1")
    async def hang(context: Any, body: Any) -> None:
        await asyncio.Event().wait()

    first = world.make("one", session=session)
    await first.start(stuck)
    teller = Agent("teller", key="teller")
    await world.start("two", teller)
    await teller.tell("sink", "note/1", 7)
    await until(lambda: first.dispatch._running)
    await world.kill(first)
    agent, got = collector()
    await world.make("one", session=session).start(agent)
    await until(lambda: got == [7])
    await until(lambda: world.exchange.open_entries("one") == 0)


async def test_tell__when_the_server_is_away__arrives_when_it_is_back(world: World) -> None:
    agent, got = collector()
    await world.start("one", agent)
    teller = Agent("teller", key="teller")
    host = await world.start("two", teller)
    world.exchange.is_down = True
    telling = asyncio.ensure_future(teller.tell("sink", "note/1", "late"))
    await until(lambda: host.metrics.counts["bus_failures"] > 1)
    world.exchange.is_down = False
    await telling
    await until(lambda: got == ["late"])


async def test_entry__that_kills_whoever_reads_it__is_buried_after_some_deliveries(
    world: World, database: Database
) -> None:
    session, morgue = Session.fresh(), SqlMorgue(database)
    teller = Agent("teller", key="teller")
    await world.start("two", teller)
    for life in range(MAX_DELIVERIES + 1):
        stuck = Agent("sink", key="sink")

        @stuck.on("note/1")
        async def hang(context: Any, body: Any) -> None:
            await asyncio.Event().wait()

        host = world.make("one", session=session, morgue=morgue)
        await host.start(stuck)
        if life == 0:
            await teller.host.view.refresh()
            await teller.tell("sink", "note/1", "poison")
        if life < MAX_DELIVERIES:
            await until(lambda host=host: host.dispatch._running)
            await world.kill(host)
    await until(lambda: host.metrics.counts["dead"] == 1)
    await host.upkeep()
    (letter,) = await DeadLetters(database).list()
    assert letter.reason.startswith("poison: It was delivered 5 times")
    await until(lambda: world.exchange.open_entries("one") == 0)


async def test_task__that_fails_for_good__is_a_dead_letter_that_an_operator_replays(
    world: World, database: Database
) -> None:
    agent, got, is_broken = Agent("sink", key="sink"), [], True

    @agent.on("note/1")
    async def note(context: Any, body: Any) -> None:
        if is_broken:
            raise ValueError("broken")
        got.append(body)

    host = world.make("one", morgue=SqlMorgue(database))
    await host.start(agent)
    teller = Agent("teller", key="teller")
    await world.start("two", teller)
    await teller.tell("sink", "note/1", 9)
    await until(lambda: host.metrics.counts["dead"] == 1)
    await host.upkeep()
    letters = DeadLetters(database)
    (letter,) = await letters.list()
    assert letter.id.startswith("message:")
    assert "ValueError: broken" in letter.reason
    assert host.metrics.counts["retried"] == 2
    is_broken = False
    await letters.replay(letter.id)
    assert await letters.list() == []
    await until(lambda: got == [9])
    await teller.tell("sink", "note/1", 10)
    await until(lambda: got == [9, 10])


async def test_dead_letter__when_dropped__is_gone_for_good(world: World, database: Database) -> None:
    morgue = SqlMorgue(database)
    host = world.make("one", morgue=morgue)
    await host.start(echo_agent())
    host.letters.keep(Frame(b"nonsense", b"body"), "refused", "It cannot be read.")
    await host.upkeep()
    letters = DeadLetters(database)
    (letter,) = await letters.list()
    assert letter.title == "bytes to one"
    await letters.drop(letter.id, "rubbish")
    assert await letters.list() == []
    assert await morgue.take_back("one") == []


async def test_sender__above_its_quota__is_told_to_wait_and_others_are_served(world: World) -> None:
    await world.start("one", echo_agent(), quota=Quota(per_second=0.01, burst=2))
    greedy, modest = Agent("greedy", key="greedy"), Agent("modest", key="modest")
    await world.start("two", greedy, modest)
    for _ in range(2):
        await greedy.ask("echo", "echo/1")
    with pytest.raises(AskFailed, match="too much at once"):
        await greedy.ask("echo", "echo/1", deadline_seconds=0.5)
    assert (await modest.ask("echo", "echo/1"))["by"] == "echo"


async def test_urgent_message__behind_a_heap_of_bulk__overtakes_it(world: World) -> None:
    agent, order, gate = Agent("one-hand", key="hand"), [], asyncio.Event()

    @agent.on("note/1")
    async def note(context: Any, body: Any) -> None:
        await gate.wait()
        order.append(body)

    await world.start("one", agent, concurrency=1)
    teller = Agent("teller", key="teller")
    await world.start("two", teller)
    for number in range(30):
        await teller.tell("one-hand", "note/1", number, priority=0)
    await teller.tell("one-hand", "note/1", "urgent", priority=9)
    await until(lambda: len(agent.host.dispatch.queue) == 30)
    gate.set()
    await until(lambda: len(order) == 31)
    assert order.index("urgent") <= 2
    assert [item for item in order if item != "urgent"] == list(range(30))


async def test_event__published_while_a_listener_is_away__waits_for_it(world: World) -> None:
    heard: list[Any] = []

    def listener() -> Agent:
        agent = Agent("ear", key="ear")

        @agent.on_topic("news")
        async def news(context: Any, body: Any) -> None:
            heard.append(body)

        return agent

    first = await world.start("one", listener())
    speaker = Agent("speaker", key="speaker")
    await world.start("two", speaker)
    await speaker.publish("news", "headline/1", "first")
    await until(lambda: heard == ["first"])
    await world.kill(first)
    await speaker.publish("news", "headline/1", "second")
    await world.start("one", listener())
    await until(lambda: heard[-1] == "second")
    history = await speaker.host.replay("news")
    assert [message.data() for _, message in history] == ["first", "second"]
    assert [message.data() for _, message in await speaker.host.replay("news", history[0][0])] == ["second"]


async def test_queue__when_a_worker_dies_between_effect_and_acknowledgement__has_the_effect_once(
    world: World, database: Database
) -> None:
    after_effect = asyncio.Event()

    def worker(dies_after_effect: bool) -> Agent:
        agent, once = Agent("worker", key="worker"), Once(database, "resize")

        @agent.on_queue("resize")
        async def resize(context: Any, body: Any) -> None:
            async def effect(connection: Any) -> None:
                await record_progress(connection, body, "resized", "", source="worker", at=0.0)

            await once.do(context.effect_key, effect)
            if dies_after_effect:
                after_effect.set()
                await asyncio.Event().wait()

        return agent

    first = await world.start("one", worker(True))
    boss = Agent("boss", key="boss")
    await world.start("two", boss)
    await boss.enqueue("resize", "resize/1", "picture")
    async with asyncio.timeout(8):
        await after_effect.wait()
    await world.kill(first)
    second = await world.start("three", worker(False))
    await until(lambda: second.metrics.counts["handled"] == 1)
    async with database.read() as connection:
        rows = (await connection.execute(select(progress.c.job_key))).all()
    assert [row.job_key for row in rows] == ["picture"]


async def test_once__given_the_same_key__returns_what_it_returned_before(database: Database) -> None:
    once, calls = Once(database, "effects"), []

    async def effect(connection: Any) -> int:
        calls.append(1)
        return 42

    assert await once.do("a/1", effect) == 42
    assert await once.do("a/1", effect) == 42
    assert await Once(database, "others").do("a/1", effect) == 42
    assert len(calls) == 2

    async def fails(connection: Any) -> None:
        raise Retryable("not now")

    with pytest.raises(Retryable):
        await once.do("b/1", fails)
    assert await once.do("b/1", effect) == 42
    assert await once.forget(3_600) == 0
    assert await once.forget(-1) == 2


# --- what is not believed


async def bundle_for(world: World, host: Host, **changes: Any) -> Frame:
    draft = Draft(TELL, "note/1", next(iter(host.agents)), _target(world), encode_body(1), 60)
    header, frame = host.writer.write(draft)
    if changes:
        frame = Frame(encode_header(msgspec.structs.replace(header, **changes)), frame.body)
    return frame


def _target(world: World) -> str:
    return next(iter(world.hosts[0].agents))


async def deliver(world: World, sender: Host, *frames: Frame) -> None:
    receiver = world.hosts[0]
    data = pack(sender.book, receiver.book.own.id, frames)
    await sender._ports.post.exchange([Parcel(receiver.settings.name, Lane.NORMAL, data)], [])


async def test_message__in_the_name_of_another_wallet__is_refused(world: World) -> None:
    agent, got = collector()
    host = await world.start("one", agent)
    honest = await world.start("two", Agent("honest", key="honest"))
    thief = await world.start("three", Agent("thief", key="thief"))
    frame = await bundle_for(world, thief, sender=next(iter(honest.agents)))
    await deliver(world, thief, frame)
    await until(lambda: host.metrics.counts["refused"] == 1)
    assert got == []


@pytest.mark.parametrize(
    ("changes", "counted"),
    [({"expires": 1, "created": 0}, "expired"), ({"digest": b"\x00" * 32}, "refused"), ({"verb": "shout"}, "refused")],
)
async def test_message__that_is_late_or_false__becomes_a_dead_letter(
    world: World, changes: dict[str, Any], counted: str
) -> None:
    agent, got = collector()
    host = await world.start("one", agent)
    sender = await world.start("two", Agent("teller", key="teller"))
    await deliver(world, sender, await bundle_for(world, sender, **changes), await bundle_for(world, sender))
    await until(lambda: got == [1])
    assert host.metrics.counts[counted] == 1
    assert host.metrics.counts["dead"] == 1


async def test_bundle__that_was_altered_or_meant_for_another__is_refused_whole(world: World) -> None:
    agent, got = collector()
    host = await world.start("one", agent)
    sender = await world.start("two", Agent("teller", key="teller"))
    other = await world.start("three", Agent("other", key="other"))
    frame = await bundle_for(world, sender)
    good = pack(sender.book, host.book.own.id, [frame])
    for_other = pack(sender.book, other.book.own.id, [frame])
    back = pack(host.book, sender.book.own.id, [frame])
    for data in (good[:-1] + bytes([good[-1] ^ 1]), for_other, back, b"", b"\x00" * 70, good[:64]):
        await sender._ports.post.exchange([Parcel("one", Lane.NORMAL, data)], [])
    await until(lambda: host.metrics.counts["refused"] == 6)
    await until(lambda: world.exchange.open_entries("one") == 0)
    assert got == []


async def test_message__replayed_word_for_word__is_acted_on_once_and_with_other_words_refused(world: World) -> None:
    agent, got = collector()
    host = await world.start("one", agent)
    sender = await world.start("two", Agent("teller", key="teller"))
    frame = await bundle_for(world, sender)
    await deliver(world, sender, frame)
    await until(lambda: got == [1])
    await deliver(world, sender, frame)
    await until(lambda: host.metrics.counts["repeated"] == 1)
    other = encode_body(2)
    header = msgspec.structs.replace(read_header(frame), digest=body_digest(other))
    await deliver(world, sender, Frame(encode_header(header), other))
    await until(lambda: host.metrics.counts["replayed"] == 1)
    assert got == [1]


async def test_sealed_body__for_another_session__cannot_be_opened(world: World) -> None:
    agent, got = collector()
    host = await world.start("one", agent)
    sender = await world.start("two", Agent("teller", key="teller"))
    other = await world.start("three", Agent("other", key="other"))
    draft = Draft(TELL, "note/1", next(iter(sender.agents)), agent.id, encode_body(1), 60)
    _, frame = sender.writer.write(draft, sealed_to=other.book.own.id)
    await deliver(world, sender, frame)
    await until(lambda: host.metrics.counts["refused"] == 1)
    assert got == []


def test_frame__too_large__is_refused_before_it_leaves() -> None:
    with pytest.raises(EnvelopeInvalid, match="at most"):
        write_frame(header_for(b"x"), b"x" * MAX_MESSAGE_BYTES)


async def test_outbound__while_there_is_more_to_send__acknowledges_with_the_trip_after_the_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "LINGER_SECONDS", 0.3)
    host, _ = await world.start("one", echo_agent()), await world.start("two", echo_agent("other"))
    trips: list[tuple[int, list[Entry]]] = []

    async def watched(parcels: Any, done: Any) -> None:
        trips.append((len(parcels), list(done)))

    object.__setattr__(host._ports.post, "exchange", watched)
    body, entry = encode_body(1), Entry(Lane.NORMAL, "1", b"")
    _, frame = host.writer.write(Draft(TELL, "note/1", next(iter(host.agents)), _target(world), body, 60))
    host.outbound.acknowledge(entry)
    for _ in range(2):
        await host.outbound.taken(host.outbound.send("two", Lane.NORMAL, frame))
    assert trips == [(1, []), (1, [entry])]
    last = Entry(Lane.NORMAL, "2", b"")
    host.outbound.acknowledge(last)
    async with asyncio.timeout(8):
        await host.outbound.idle()
    assert trips[2:] == [(0, []), (0, [last])], "nothing else was sent, so they went alone"
