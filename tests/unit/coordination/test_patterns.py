"""A job over several agents: what fails goes elsewhere, what differs is settled, what costs too much is not asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.coordination.decision.ties import AskArbiter, Draw, Escalate
from agents_offchain.coordination.errors import BudgetSpent, NobodyBids, RuleMisused
from agents_offchain.coordination.patterns.bidding import BID_TYPE, Bid, Call, Offer, cheapest, contract, rank
from agents_offchain.coordination.patterns.conflicts import Opinion, claim_winner, escalation, settle, vote
from agents_offchain.coordination.patterns.tasks import Purse, Task, TaskResult, Terms, delegate
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.routing.cards import Capability
from agents_offchain.primitives.errors import Refused, Retryable
from tests.unit.messaging.host_world import World

pytestmark = pytest.mark.unit


@pytest.fixture
async def world() -> AsyncIterator[World]:
    there = World()
    yield there
    await there.close()


def worker(name: str, answer: Any = None, *, price: int = 0, error: Exception | None = None) -> Agent:
    agent = Agent(name, capabilities=(Capability("square", price=price),), key=name)

    @agent.on("square/1")
    async def square(context: Any, body: Any) -> Any:
        if error is not None:
            raise error
        if answer == "hang":
            await asyncio.Event().wait()
        return body["input"] ** 2 if answer is None else answer

    @agent.on(BID_TYPE, body=Call)
    async def bid(context: Any, call: Call) -> Any:
        return Bid(price=price, seconds=1) if answer != "silent" else None

    return agent


async def master(world: World, *workers: Agent) -> Agent:
    for agent in workers:
        await world.start(f"host-{agent.name}", agent)
    boss = Agent("boss", key="boss")
    await world.start("boss", boss)
    return boss


def squares(count: int) -> list[Task]:
    return [Task(f"task-{number}", "square", "square/1", number) for number in range(count)]


async def test_delegate__over_several_agents__gathers_in_order(world: World) -> None:
    boss = await master(world, worker("a"), worker("b"), worker("c"))
    seen: list[TaskResult] = []
    job = await delegate(boss, squares(20), Terms(), on_progress=seen.append)
    assert job.is_complete
    assert job.values() == [number**2 for number in range(20)]
    assert len({agent for result in job.results for agent in result.agents}) > 1
    assert len(seen) == 20


@pytest.mark.parametrize("error", [Retryable("not now"), Refused("never")])
async def test_delegate__when_an_agent_fails__gives_its_tasks_to_another(world: World, error: Exception) -> None:
    boss = await master(world, worker("bad", error=error), worker("good"))
    job = await delegate(boss, squares(4), Terms(attempt_seconds=2.0, policy="direct"))
    assert job.is_complete
    assert job.count_reassigned() == 4
    assert {agent[:4] for result in job.results for agent in result.agents} == {"good"}


async def test_delegate__when_an_agent_hangs__goes_on_after_its_part_of_the_time(world: World) -> None:
    boss = await master(world, worker("lazy", "hang"), worker("quick"))
    job = await delegate(boss, squares(2), Terms(attempt_seconds=0.4, policy="direct"))
    assert job.values() == [0, 1]


async def test_delegate__when_nobody_can__says_which_tasks_failed_and_why(world: World) -> None:
    boss = await master(world, worker("bad", error=Refused("never")))
    async with asyncio.timeout(30):
        job = await delegate(boss, squares(2), Terms(deadline_seconds=600.0))
    assert not job.is_complete
    assert [len(result.failed) for result in job.results] == [4, 4], "every attempt is used, and then it ends"
    assert job.values() == []
    assert all("never" in result.reason for result in job.results)
    nobody = await delegate(boss, [Task("t", "cube", "cube/1", 1)], Terms(deadline_seconds=1.0))
    assert "Nobody" in nobody.results[0].reason


async def test_delegate__when_one_of_three_lies__takes_what_most_say_and_names_the_liar(world: World) -> None:
    boss = await master(world, worker("a"), worker("b"), worker("liar", -1))
    job = await delegate(boss, squares(5), Terms(opinions=2, most_opinions=3))
    assert job.is_complete
    assert job.values() == [number**2 for number in range(5)]
    assert {agent.partition("@")[0] for agent in job.dissenters()} <= {"liar"}


async def test_delegate__with_a_budget__spends_no_more_and_pays_only_what_was_done(world: World) -> None:
    boss = await master(world, worker("dear", price=10), worker("cheap", price=3))
    job = await delegate(boss, squares(5), Terms(budget=9, at_once=1, policy="least-loaded", deadline_seconds=2.0))
    assert job.cost <= 9
    assert sum(result.is_done for result in job.results) == 3
    purse = Purse(5)
    with pytest.raises(BudgetSpent):
        purse.take(6)
    purse.take(5)
    purse.give_back(2)
    assert purse.left == 2


async def test_delegate__when_cancelled__cancels_every_task(world: World) -> None:
    boss = await master(world, worker("lazy", "hang"))
    job = asyncio.ensure_future(delegate(boss, squares(3), Terms(attempt_seconds=30)))
    lazy = world.hosts[0]
    async with asyncio.timeout(8):
        while len(lazy.dispatch._running) < 3:
            await asyncio.sleep(0.01)
        job.cancel()
        while lazy.dispatch._running:
            await asyncio.sleep(0.01)


async def test_delegate__inside_a_handler__inherits_its_deadline(world: World) -> None:
    middle, left = Agent("middle", key="middle"), []

    @middle.on("plan/1")
    async def plan(context: Any, body: Any) -> Any:
        job = await delegate(middle, squares(2), Terms(deadline_seconds=3_600), cause=context.message)
        left.append(context.deadline)
        return job.values()

    boss = await master(world, worker("a"), middle)
    await middle.host.view.refresh()
    assert await boss.ask("middle", "plan/1", deadline_seconds=6) == [0, 1]


async def test_contract__of_several_bids__goes_to_the_best_and_on_when_it_fails(world: World) -> None:
    boss = await master(
        world,
        worker("dear", price=9),
        worker("fails", price=1, error=Refused("no")),
        worker("fair", price=4),
        worker("mute", "silent"),
        worker("greedy", price=99),
    )
    call = Call(task="t", kind="square/1", max_price=10, deadline_seconds=5)
    award = await contract(boss, "square", call, 7, ranking=cheapest)
    assert award.offer.agent.startswith("fair@")
    assert award.value == 49
    assert [agent.partition("@")[0] for agent in award.failed] == ["fails"]
    with pytest.raises(NobodyBids):
        await contract(boss, "cube", call, 7, bid_seconds=0.2)


def test_rank__with_reputation__weighs_price_by_how_likely_the_work_is_good() -> None:
    offers = [Offer("a", Bid(price=10, seconds=1)), Offer("b", Bid(price=8, seconds=1, confidence=0.5))]
    assert [offer.agent for offer in rank(offers)] == ["a", "b"]
    assert [offer.agent for offer in rank(offers, reputation_of=lambda who: 0.1 if who == "a" else 0.9)] == ["b", "a"]


# --- conflicts


@given(st.lists(st.text(max_size=8), min_size=1, unique=True), st.binary(max_size=8), st.randoms())
def test_claim__in_whatever_order_it_is_heard__has_one_winner(names: list[str], task: bytes, rng: Any) -> None:
    winner = claim_winner(task, names)
    rng.shuffle(names)
    assert claim_winner(task, names) == winner
    assert winner in names


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_vote__on_results__decides_only_with_more_than_half(values: list[int]) -> None:
    verdict = settle([Opinion(f"agent-{place}", value) for place, value in enumerate(values)])
    most = max(values.count(value) for value in values)
    assert verdict.is_settled == (most * 2 > len(values))
    if verdict.is_settled:
        assert len(verdict.dissenters) == len(values) - most


def test_settle__of_a_tie__takes_the_ladder_step_by_step() -> None:
    two = [Opinion("a", {"n": 1}), Opinion("b", {"n": 2})]
    ladder = (AskArbiter(b"\x01" * 20), Draw("block"), Escalate(5_000, 6_667))
    first = settle(two, ladder=ladder)
    assert not first.is_settled
    assert "AskArbiter" in first.reason
    chosen = settle(two, ladder=ladder, arbiter_says={"n": 2})
    assert (chosen.value, chosen.dissenters) == ({"n": 2}, ("a",))
    assert not settle(two, ladder=ladder, arbiter_says={"n": 3}).is_settled
    drawn = settle(two, ladder=ladder, taken=1, beacon=b"block hash", task=b"t")
    assert drawn.is_settled
    assert settle(two[::-1], ladder=ladder, taken=1, beacon=b"block hash", task=b"t").value == drawn.value
    last = settle(two, ladder=ladder, taken=2)
    terms = escalation(last, b"t")
    assert terms is not None
    assert (terms["quorum_bps"], len(terms["subject"]), len(terms["options"])) == (5_000, 32, 2)
    assert escalation(first, b"t") is None


def test_vote__without_opinions_or_with_less_than_half__is_refused() -> None:
    with pytest.raises(RuleMisused):
        vote([])
    with pytest.raises(RuleMisused):
        vote([Opinion("a", 1)], needed_bps=5_000)
    with pytest.raises(RuleMisused):
        claim_winner(b"", [])
