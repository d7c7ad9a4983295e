"""A job split into tasks: each is given to agents that can do it, given again when they fail, and gathered.

    split ─► task 1 ─► agent a ✗ ─► agent c ─┐
             task 2 ─► agent b ─────────────┤─► results, partial failures, what it cost
             task 3 ─► agents a, b, c (differ: vote, one more opinion) ┘

Tasks draw on one budget: an agent that asks for more than is left is not asked, and what a handler delegates on comes
out of the `budget` it was given. Deadlines are inherited. Cancelling the job cancels every task, wherever it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from agents_offchain.coordination.errors import BudgetSpent
from agents_offchain.coordination.patterns.conflicts import Opinion, Verdict, settle
from agents_offchain.messaging.errors import AskFailed, AskTimedOut, InboxFull, NoRoute
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.protocols.message import Message
from agents_offchain.messaging.routing.cards import Endpoint, Query, price_of

log = structlog.get_logger(__name__)
_PASSING = (AskTimedOut, AskFailed, NoRoute, InboxFull)
ROUTE_PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Task:
    """One part of a job. `body` is JSON data that goes to the agent under `input`."""

    id: str
    capability: str
    kind: str
    body: Any


@dataclass(frozen=True)
class Terms:
    """What a job may take.

    Attributes:
        deadline_seconds: For the whole job.
        attempt_seconds: For one agent's attempt at one task.
        budget: In the smallest unit of the token; None for no limit.
        opinions: Different agents that do each task; with more than one their results are compared.
        most_opinions: How many are asked at most when they differ.
        attempts: Agents that may fail a task before it counts as failed.
        at_once: Tasks under way at a time.
        policy: Who is asked first, by name.
    """

    deadline_seconds: float = 60.0
    attempt_seconds: float = 10.0
    budget: int | None = None
    opinions: int = 1
    most_opinions: int = 5
    attempts: int = 4
    at_once: int = 32
    policy: str = "least-loaded"


@dataclass(frozen=True)
class TaskResult:
    """What became of a task. `agents` did it; `failed` tried and could not; `dissenters` said something else."""

    task: Task
    is_done: bool
    value: Any = None
    agents: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    dissenters: tuple[str, ...] = ()
    cost: int = 0
    reason: str = ""


@dataclass(frozen=True)
class JobResult:
    """All tasks, in their order."""

    results: tuple[TaskResult, ...]

    @property
    def is_complete(self) -> bool:
        return all(result.is_done for result in self.results)

    @property
    def cost(self) -> int:
        return sum(result.cost for result in self.results)

    def values(self) -> list[Any]:
        """Of the tasks that are done."""
        return [result.value for result in self.results if result.is_done]

    def count_reassigned(self) -> int:
        return sum(len(result.failed) for result in self.results)

    def dissenters(self) -> frozenset[str]:
        """Agents whose results were outvoted."""
        return frozenset(agent for result in self.results for agent in result.dissenters)


@dataclass
class Purse:
    """A budget that tasks draw on together."""

    left: int | None

    def take(self, price: int) -> None:
        """Raises BudgetSpent when less is left."""
        if self.left is None:
            return
        if price > self.left:
            raise BudgetSpent(f"The task costs {price}, and {self.left} is left.", price=price, left=self.left)
        self.left -= price

    def give_back(self, price: int) -> None:
        """What was not done is not paid."""
        if self.left is not None:
            self.left += price


Progress = Callable[[TaskResult], None]


async def delegate(
    master: Agent,
    tasks: Sequence[Task],
    terms: Terms,
    *,
    cause: Message | None = None,
    on_progress: Progress | None = None,
) -> JobResult:
    """Have every task done; the results in the order of the tasks, failed ones among them.

    Args:
        cause: The message that asked for the job: its deadline is never outlived.
        on_progress: Called with each result as it comes.
    """
    purse = Purse(terms.budget)
    slots = asyncio.Semaphore(terms.at_once)
    loop = asyncio.get_running_loop()
    end = loop.time() + _seconds(master, terms, cause)

    async def one(task: Task) -> TaskResult:
        async with slots:
            result = await _Errand(master, task, terms, purse, end, cause).run()
        if on_progress is not None:
            on_progress(result)
        return result

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(one(task)) for task in tasks]
    return JobResult(tuple(item.result() for item in running))


def _seconds(master: Agent, terms: Terms, cause: Message | None) -> float:
    if cause is None:
        return terms.deadline_seconds
    return min(terms.deadline_seconds, cause.header.expires / 1000 - master.host.clock.now_seconds())


@dataclass
class _Errand:
    """One task on its way."""

    master: Agent
    task: Task
    terms: Terms
    purse: Purse
    end: float
    cause: Message | None
    opinions: dict[str, Opinion] = field(default_factory=dict)
    failed: list[tuple[str, str]] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)
    cost: int = 0

    async def run(self) -> TaskResult:
        """Ask until enough agents agree, or until nobody is left to ask."""
        wanted = self.terms.opinions
        verdict: Verdict | None = None
        while len(self.opinions) < wanted:
            outcomes = await self._ask_several(wanted - len(self.opinions))
            if not outcomes and len(self.opinions) < wanted:
                break
            if len(self.opinions) >= wanted:
                verdict = settle(list(self.opinions.values()))
                if not verdict.is_settled and wanted < self.terms.most_opinions:
                    wanted += 1
        if self.opinions:
            verdict = verdict or settle(list(self.opinions.values()))
        return self._result(verdict)

    async def _ask_several(self, count: int) -> bool:
        """Ask so many more agents side by side; False when there was nobody to ask."""
        endpoints = await self._choose(count)
        if not endpoints:
            return False
        async with asyncio.TaskGroup() as group:
            for endpoint in endpoints:
                group.create_task(self._ask(endpoint))
        return True

    async def _choose(self, count: int) -> list[Endpoint]:
        """Agents that can, were not asked and are not too dear; waits a little when there is none now."""
        while len(self.failed) < self.terms.attempts and self._remaining() > 0:
            found = self._candidates()[:count]
            if found:
                return found
            if self._remaining() <= ROUTE_PAUSE_SECONDS or not self.failed:
                break
            await asyncio.sleep(ROUTE_PAUSE_SECONDS)
            self._forgive()
        return []

    def _candidates(self) -> list[Endpoint]:
        tried = {*self.barred, *self.opinions}
        query = Query(capability=self.task.capability, max_price=self.purse.left)
        try:
            order = self.master.host.router.route(query, self.terms.policy, self.task.id.encode())
        except NoRoute:
            return []
        fresh: dict[str, Endpoint] = {}
        for endpoint in order:
            if endpoint.agent.id not in tried and endpoint.agent.id != self.master.id:
                fresh.setdefault(endpoint.agent.id, endpoint)
        return list(fresh.values())

    def _forgive(self) -> None:
        """Everybody alive has failed: who failed longest ago may try again, as long as attempts are left."""
        if self.barred:
            self.barred.pop(0)

    def _fail(self, agent: str, reason: str) -> None:
        self.failed.append((agent, reason))
        self.barred.append(agent)

    async def _ask(self, endpoint: Endpoint) -> None:
        price = price_of(endpoint, self.task.capability)
        agent = endpoint.agent.id
        try:
            self.purse.take(price)
        except BudgetSpent as error:
            self._fail(agent, error.message)
            return
        try:
            value = await self.master.ask(
                agent,
                self.task.kind,
                {"task": self.task.id, "input": self.task.body, "budget": price},
                deadline_seconds=min(self.terms.attempt_seconds, self._remaining()),
                cause=self.cause,
                query=Query(agent=agent),
            )
        except _PASSING as error:
            self.purse.give_back(price)
            self._fail(agent, error.message)
            log.info("task_reassigned", task=self.task.id, agent=agent, reason=error.message)
        except BaseException:
            self.purse.give_back(price)
            raise
        else:
            self.cost += price
            self.opinions[agent] = Opinion(agent, value)

    def _remaining(self) -> float:
        return self.end - asyncio.get_running_loop().time()

    def _result(self, verdict: Verdict | None) -> TaskResult:
        failed = tuple(agent for agent, _ in self.failed)
        if verdict is None or not verdict.is_settled or len(self.opinions) < self.terms.opinions:
            reason = verdict.reason if verdict is not None and not verdict.is_settled else _why(self.failed)
            return TaskResult(self.task, False, failed=failed, cost=self.cost, reason=reason)
        agents = tuple(agent for agent in self.opinions if agent not in verdict.dissenters)
        return TaskResult(self.task, True, verdict.value, agents, failed, verdict.dissenters, self.cost, verdict.reason)


def _why(failed: Sequence[tuple[str, str]]) -> str:
    return "; ".join(reason for _, reason in failed)[:500] or "Nobody who is alive can do it within the budget."
