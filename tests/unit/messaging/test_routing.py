"""Who is asked: alive, fitting, in the order of the policy, and not whoever keeps failing."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.messaging.errors import NoRoute
from agents_offchain.messaging.post import Lane, lane_of
from agents_offchain.messaging.protocols.session import Session, SessionBook, grant_session
from agents_offchain.messaging.routing.breaker import FAILURES_TO_OPEN, FIRST_PAUSE_SECONDS, Breakers
from agents_offchain.messaging.routing.cards import (
    AgentCard,
    Capability,
    Endpoint,
    Health,
    HostCard,
    Query,
    find,
    price_of,
)
from agents_offchain.messaging.routing.directory import MemoryDirectory, View, write_card, write_health
from agents_offchain.messaging.routing.fair_queue import WEIGHTS, FairQueue
from agents_offchain.messaging.routing.policies import POLICIES, Situation
from agents_offchain.messaging.routing.quota import Quota, Quotas
from agents_offchain.messaging.routing.router import Router
from agents_offchain.primitives.clock import ManualClock
from tests.unit.messaging.host_world import DOMAIN, RING

pytestmark = pytest.mark.unit


def agent_id(name: str, wallet: str = "ann") -> str:
    return f"{name}@0x{RING.address_of(wallet).hex()}"


def endpoint(name: str, **health: Any) -> Endpoint:
    region = health.pop("region", "")
    offer = Capability("sum", health.pop("version", 1), health.pop("price", 0))
    card = AgentCard(agent_id(name), (offer,))
    return Endpoint(card, f"host-{name}", b"s" * 16, region, Health(**health))


ALL = [endpoint(name, load=load) for name, load in (("a", 0.9), ("b", 0.1), ("c", 0.5))]


def names(endpoints: list[Endpoint]) -> str:
    return "".join(item.agent.id[0] for item in endpoints)


def situation(seed: int = 0, **facts: Any) -> Situation:
    return Situation(random.Random(seed), **facts)


@given(st.sampled_from(sorted(POLICIES)), st.integers(0, 50), st.binary(max_size=4))
def test_policy__of_any_name__orders_every_candidate_once(name: str, seed: int, content: bytes) -> None:
    order = POLICIES[name](ALL, situation(seed, turn=seed, content=content))
    assert sorted(names(order)) == ["a", "b", "c"]


def test_policies__each__prefer_what_their_name_says() -> None:
    assert names(POLICIES["direct"](ALL, situation())) == "abc"
    assert [names(POLICIES["round-robin"](ALL, situation(turn=turn)))[0] for turn in range(4)] == list("abca")
    assert names(POLICIES["least-loaded"](ALL, situation())) == "bca"
    busy = {ALL[1].key: 20}
    assert names(POLICIES["least-loaded"](ALL, situation(open_asks=busy))) == "cab"
    firsts = Counter(names(POLICIES["two-choices"](ALL, situation(seed)))[0] for seed in range(300))
    assert firsts["a"] == 0, "the most loaded of three is never the better of two"
    assert firsts["b"] > firsts["c"] > 0
    near = [endpoint("x", region="south", latency_ms=1), endpoint("y", region="north", latency_ms=9)]
    assert names(POLICIES["nearest"](near, situation(region="north"))) == "yx"
    assert names(POLICIES["nearest"](near, situation(region="west", latency_ms={near[0].key: 50.0}))) == "yx"
    trusted = Counter(
        names(POLICIES["reputation"](ALL, situation(seed, reputation_of=lambda who: 0.9 if who[0] == "c" else 0.1)))[0]
        for seed in range(400)
    )
    assert trusted["c"] / 400 == pytest.approx(0.9 / 1.1, abs=0.08)


@given(st.binary(min_size=1, max_size=8))
def test_sticky__when_another_host_goes__moves_only_its_own_contents(content: bytes) -> None:
    before = POLICIES["sticky"](ALL, situation(content=content))[0]
    for gone in ALL:
        rest = [item for item in ALL if item is not gone]
        after = POLICIES["sticky"](rest, situation(content=content))[0]
        assert (after is before) or before is gone


def test_find__given_limits__returns_who_fits() -> None:
    offers = [
        endpoint("a", price=5, version=2),
        endpoint("b", price=50, latency_ms=80.0),
        endpoint("c", is_draining=True),
        endpoint("x", region="north"),
    ]
    cases = [
        (Query(capability="sum"), "abx"),
        (Query(capability="sum", includes_draining=True), "abcx"),
        (Query(capability="sum", min_version=2), "a"),
        (Query(capability="sum", max_price=5), "ax"),
        (Query(capability="sum", max_latency_ms=10), "ax"),
        (Query(capability="sum", region="north"), "x"),
        (Query(capability="product"), ""),
        (Query(agent="a"), "a"),
        (Query(agent=agent_id("b")), "b"),
        (Query(min_reputation=0.8), "x"),
    ]
    for query, expected in cases:
        assert names(find(offers, query, lambda who: 0.9 if who[0] == "x" else 0.2)) == expected, query
    assert price_of(offers[1], "sum") == 50
    assert price_of(offers[1], "other") == 0


# --- directory and router


class Town:
    """A directory with hosts in it, and a view of it; time stands still."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.directory = MemoryDirectory(self.clock)
        self.view = View(self.directory, SessionBook(Session.fresh(), DOMAIN), self.clock)
        self.router = Router(self.view, self.clock, rng=random.Random(0))

    async def add(self, name: str, wallet: str = "ann", granted_by: str | None = None, seconds: float = 10) -> None:
        session, now = Session.fresh(), int(self.clock.now_seconds())
        grant = await grant_session(
            session.public, DOMAIN, RING, granted_by or wallet, created=now, expires=now + 1_000
        )
        card = HostCard(name, session.public, (grant,), (AgentCard(agent_id(name, wallet), (Capability("sum"),)),))
        await self.directory.publish(name, write_card(card), seconds)
        await self.view.refresh()


async def test_view__when_a_lease_ends__no_longer_names_the_host() -> None:
    town = Town()
    await town.add("x-1", seconds=10)
    await town.add("y-2", seconds=20)
    assert town.view.hosts() == ["x-1", "y-2"]
    assert names(town.view.offering("sum")) == "xy"
    town.clock.advance(11)
    assert names(town.view.offering("sum")) == "y"
    assert names(town.view.named("y-2")) == "y"
    assert town.view.session_of("x-1") is not None, "mail for who is away still has an address"
    await town.directory.renew("x-1", write_health(Health(load=0.3)), 10)
    await town.view.refresh()
    assert names(town.view.endpoints()) == "xy"
    assert town.view.named("x-1")[0].health.load == 0.3
    await town.directory.withdraw("x-1")
    await town.view.refresh()
    assert town.view.session_of("x-1") is None
    assert not await town.directory.renew("x-1", b"", 0.0)


@pytest.mark.parametrize("skew_seconds", [-3_600, 3_600])
async def test_view__when_its_clock_is_an_hour_off__sees_who_is_alive_and_who_is_not(skew_seconds: float) -> None:
    town = Town()
    await town.add("x-1", seconds=10)
    await town.add("y-2", seconds=20)
    off = ManualClock(town.clock.now_seconds() + skew_seconds)
    view = View(town.directory, SessionBook(Session.fresh(), DOMAIN), off)
    await view.refresh()
    assert view.hosts() == ["x-1", "y-2"]
    town.clock.advance(11)
    await view.refresh()
    assert view.hosts() == ["y-2"]
    off.advance(10)
    assert view.hosts() == [], "nobody is believed alive for longer than its lease while the server is silent"


async def test_view__given_cards_that_are_not_granted_or_nonsense__does_not_believe_them() -> None:
    town = Town()
    await town.add("thief", wallet="ann", granted_by="bob")
    await town.directory.publish("junk", b"\xff\x00", 2e9)
    await town.directory.publish("liar", town.directory.cards["thief"], 2e9)
    await town.directory.renew("thief", b"junk", 10)
    await town.view.refresh()
    assert town.view.endpoints() == []
    assert town.view.hosts() == ["thief"]


async def test_router__when_one_keeps_failing__passes_it_over_until_its_trial() -> None:
    town = Town()
    await town.add("a")
    await town.add("b")
    query = Query(capability="sum")
    first = town.router.route(query, "direct")[0]
    for _ in range(FAILURES_TO_OPEN):
        town.router.began(first)
        town.router.failed(first)
    assert names(town.router.route(query, "direct")) == "b"
    assert town.router.breakers.is_open(first.key)
    town.clock.advance(FIRST_PAUSE_SECONDS)
    assert names(town.router.route(query, "direct")) == "ab"
    town.router.began(first)
    assert names(town.router.route(query, "direct")) == "b", "one trial at a time"
    town.router.succeeded(first, 12.0)
    assert names(town.router.route(query, "direct")) == "ab"
    assert town.router.latency_ms(first) == 12.0
    town.router.began(first)
    town.router.let_go(first)
    assert len(town.router.find(Query())) == 2


async def test_router__when_all_circuits_are_open__tries_all_the_same() -> None:
    town = Town()
    await town.add("a")
    only = town.router.route(Query(agent="a"))[0]
    for _ in range(FAILURES_TO_OPEN):
        town.router.failed(only)
    assert names(town.router.route(Query(agent="a"))) == "a"
    with pytest.raises(NoRoute):
        town.router.route(Query(agent="nobody"))


def test_breaker__that_fails_its_trial__pauses_twice_as_long() -> None:
    clock = ManualClock()
    breakers = Breakers(clock)
    for _ in range(FAILURES_TO_OPEN + 1):
        breakers.fail("x")
    clock.advance(FIRST_PAUSE_SECONDS)
    assert not breakers.allows("x")
    clock.advance(FIRST_PAUSE_SECONDS)
    assert breakers.allows("x")
    breakers.succeed("x")
    assert breakers.allows("x")
    assert not breakers.is_open("x")


# --- queue and quota


@given(st.lists(st.tuples(st.sampled_from(Lane), st.sampled_from("abc")), max_size=60))
def test_fair_queue__of_anything__gives_back_each_item_once_in_order_of_its_sender(items: list[Any]) -> None:
    queue: FairQueue[Any] = FairQueue()
    for number, (lane, sender) in enumerate(items):
        queue.put(lane, sender, (lane, sender, number))
    taken = [queue.take() for _ in items]
    assert len(queue) == 0
    for lane in Lane:
        for sender in "abc":
            mine = [item for item in taken if item[:2] == (lane, sender)]
            assert mine == sorted(mine, key=lambda item: item[2])
    with pytest.raises(IndexError):
        queue.take()


def test_fair_queue__with_every_lane_full__serves_them_by_weight_and_starves_none() -> None:
    queue: FairQueue[Lane] = FairQueue(capacity=1_000)
    for lane in Lane:
        for _ in range(1_000):
            queue.put(lane, "one", lane)
    assert queue.open_lanes() == []
    assert not queue.has_room(Lane.BULK)
    served = Counter(queue.take() for _ in range(sum(WEIGHTS.values()) * 10))
    assert served == {lane: weight * 10 for lane, weight in WEIGHTS.items()}


def test_fair_queue__when_one_sender_floods__serves_another_next() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.put(Lane.NORMAL, "flood", "flood")
    queue.put(Lane.NORMAL, "one", "one")
    assert "one" in [queue.take(), queue.take()]


def test_lane__of_a_priority__is_one_of_three() -> None:
    assert [int(lane_of(priority)) for priority in range(10)] == [2, 2, 2, 1, 1, 1, 1, 0, 0, 0]


def test_quota__when_spent__says_when_there_is_more_and_forgets_who_is_quiet() -> None:
    clock = ManualClock()
    quotas = Quotas(Quota(per_second=2, burst=2), clock)
    assert [quotas.take("a") for _ in range(2)] == [0.0, 0.0]
    assert quotas.take("a") == pytest.approx(0.5)
    assert quotas.take("b") == 0.0
    clock.advance(0.5)
    assert quotas.take("a") == 0.0
    clock.advance(100)
    assert quotas.take("c") == 0.0
    assert len(quotas) == 1
