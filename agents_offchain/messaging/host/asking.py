"""How a host asks: one agent after another by the router's order, or many at once by a topic.

An agent that does not answer within its part of the time is joined by the next one; whoever answers first counts, the
others are told to stop. Everybody is asked under the same message id, so that effects which are kept by it happen once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from agents_offchain.messaging.errors import InboxFull
from agents_offchain.messaging.host.agent import Agent, plain
from agents_offchain.messaging.host.asks import Answer, AnswerFailed, OpenAsk, timed_out
from agents_offchain.messaging.host.gathering import Gathered, Gathering, Until, needed_of
from agents_offchain.messaging.host.writing import Draft
from agents_offchain.messaging.post import Lane, lane_of
from agents_offchain.messaging.protocols.message import (
    ASK,
    CANCEL,
    Message,
    capability_of,
    encode_body,
)
from agents_offchain.messaging.routing.cards import Endpoint, Query, query_of

if TYPE_CHECKING:
    from agents_offchain.messaging.host.host import Host

MOST_BACKLOG = 20_000
"""Messages that may wait at a host before nobody adds to them."""
Part = Answer


class Wishes(msgspec.Struct, frozen=True):
    """How a question is asked.

    Attributes:
        deadline_seconds: After it the answer is of no use; never later than that of `cause`.
        policy: Who is asked first, by name (`routing.policies`).
        retry_seconds: The same message is sent again after so long without a word.
        hedge_seconds: The next one is asked too after so long; None waits for the first one's part of the time.
        sealed: Only the receiver can read the body, and only we the answer.
        query: Who may be asked, instead of what the target says.
        content: Equal contents go to equal places under `sticky`; the body when empty.
        cause: The message that led to this question.
    """

    deadline_seconds: float = 10.0
    policy: str = "two-choices"
    priority: int = 5
    retry_seconds: float = 2.0
    hedge_seconds: float | None = None
    sealed: bool = False
    query: Query | None = None
    content: bytes = b""
    cause: Message | None = None


class Asking:
    """See the module."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def ask(
        self,
        agent: Agent,
        target: str,
        kind: str,
        body: Any,
        wishes: Wishes,
        on_part: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """The first answer; see `Host.ask`."""
        question = _Question(self._host, agent, target, kind, encode_body(plain(body)), wishes, OpenAsk(on_part))
        await self._host.outbound.room()
        return await question.answered()

    async def stream(self, agent: Agent, target: str, kind: str, body: Any, wishes: Wishes) -> AsyncIterator[Part]:
        """Parts in their order; the question is taken back when the reader stops."""
        parts: asyncio.Queue[Answer | None] = asyncio.Queue()
        asking = asyncio.ensure_future(self.ask(agent, target, kind, body, wishes, parts.put_nowait))
        asking.add_done_callback(lambda _task: parts.put_nowait(None))
        try:
            while (part := await parts.get()) is not None:
                yield part
            await asking
        finally:
            asking.cancel()

    async def gather(self, agent: Agent, target: str, kind: str, body: Any, until: Until, wishes: Wishes) -> Gathered:
        """One message for all, carried to the inbox of each host that has some of them; see `Host.gather`."""
        host = self._host
        crowd = host.view.crowd(capability_of(target))
        asked = len(crowd.agents) - (agent.id in crowd.agents)
        gathering = Gathering(needed_of(until, asked), asked)
        seconds = _seconds(host, wishes)
        draft = Draft(ASK, kind, agent.id, target, encode_body(plain(body)), seconds, wishes.priority, wishes.cause)
        header, frame = host.writer.write(draft)
        await host.outbound.room()
        host.asks.add_gathering(header.id, gathering)
        try:
            for name in crowd.hosts:
                host.outbound.send(name, lane_of(wishes.priority), frame)
            if asked:
                async with asyncio.timeout(seconds):
                    await gathering.enough.wait()
        except TimeoutError:
            pass
        finally:
            host.asks.remove(header.id)
        return gathering.result()


class _Question:
    """One question from its first attempt to its answer."""

    def __init__(
        self, host: Host, agent: Agent, target: str, kind: str, body: bytes, wishes: Wishes, ask: OpenAsk
    ) -> None:
        self._host = host
        self._agent = agent
        self._target = target
        self._kind = kind
        self._body = body
        self._wishes = wishes
        self._ask = ask
        self._id = host.writer.next_id()
        self._seconds = _seconds(host, wishes)
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._expires_ms = int((host.clock.now_seconds() + self._seconds) * 1000)
        self._under_way: dict[tuple[str, str], Endpoint] = {}

    async def answered(self) -> Answer:
        self._host.asks.add(self._id, self._ask)
        try:
            answer = await self._attempts()
        except BaseException:
            self._take_back()
            raise
        finally:
            self._host.asks.remove(self._id)
        self._settle(answer)
        return answer

    async def _attempts(self) -> Answer:
        waiting = deque(self._route())
        while True:
            endpoint = waiting.popleft()
            patience = self._patience(is_last=not waiting)
            if patience <= 0:
                raise timed_out(self._target, self._seconds)
            self._begin(endpoint)
            is_told = await self._wait(endpoint, patience)
            if self._ask.answer is not None:
                return self._ask.answer
            pause = self._judge(endpoint, is_told=is_told)
            if not waiting:
                if self._remaining() <= pause:
                    raise self._last_word(endpoint)
                await asyncio.sleep(pause)
                waiting = deque(self._route())

    def _patience(self, *, is_last: bool) -> float:
        remaining = self._remaining()
        if is_last:
            return remaining
        return min(remaining, self._wishes.hedge_seconds or remaining / 2)

    def _remaining(self) -> float:
        return self._seconds - (self._loop.time() - self._began)

    def _route(self) -> list[Endpoint]:
        wishes = self._wishes
        query = wishes.query or query_of(self._target)
        order = self._host.router.route(query, wishes.policy, wishes.content or self._body)
        open_ones = [endpoint for endpoint in order if endpoint.health.backlog < MOST_BACKLOG]
        if not open_ones:
            raise InboxFull(f"{self._target} has more waiting than it takes.", mend="Send less, or start more agents.")
        return open_ones

    def _begin(self, endpoint: Endpoint) -> None:
        self._ask.forget_failure(endpoint.agent.id)
        self._ask.tried.add(endpoint.agent.id)
        if self._under_way:
            self._host.metrics.count("hedged" if self._wishes.hedge_seconds else "rerouted")
        if endpoint.key not in self._under_way:
            self._host.router.began(endpoint)
        self._under_way[endpoint.key] = endpoint

    async def _wait(self, endpoint: Endpoint, patience: float) -> bool:
        """Say it, and again every `retry_seconds`; False when the patience is over."""
        wishes = self._wishes
        sealed_to = endpoint.session if wishes.sealed else b""
        draft = Draft(
            ASK, self._kind, self._agent.id, endpoint.agent.id, self._body, 0.0, wishes.priority, wishes.cause
        )
        _, frame = self._host.writer.write(draft, sealed_to=sealed_to, message_id=self._id, expires_ms=self._expires_ms)
        end = self._loop.time() + patience
        while True:
            self._host.outbound.send(endpoint.host, lane_of(wishes.priority), frame)
            remaining = end - self._loop.time()
            if await self._ask.wait(endpoint.agent.id, min(remaining, wishes.retry_seconds)):
                return True
            if remaining <= wishes.retry_seconds:
                return False
            self._host.metrics.count("retried")

    def _judge(self, endpoint: Endpoint, *, is_told: bool) -> float:
        """After an attempt without an answer: seconds to wait before everybody is asked again.

        Raises:
            AnswerFailed: it said that it cannot, for good.
        """
        router = self._host.router
        if not is_told:
            if self._wishes.hedge_seconds is None:
                self._under_way.pop(endpoint.key, None)
                router.failed(endpoint)
            return 0.0
        failure = self._ask.failures[endpoint.agent.id]
        self._under_way.pop(endpoint.key, None)
        if not failure.is_retryable:
            router.let_go(endpoint)
            raise AnswerFailed(endpoint.agent.id, failure)
        router.failed(endpoint)
        return max(failure.retry_after_seconds, 0.05)

    def _last_word(self, endpoint: Endpoint) -> Exception:
        failure = self._ask.failures.get(endpoint.agent.id)
        if failure is not None:
            return AnswerFailed(endpoint.agent.id, failure)
        return timed_out(self._target, self._seconds)

    def _settle(self, answer: Answer) -> None:
        """Whoever answered did well; the others may stop."""
        milliseconds = (self._loop.time() - self._began) * 1000
        self._host.metrics.took(milliseconds)
        for endpoint in self._under_way.values():
            if endpoint.agent.id == answer.sender:
                self._host.router.succeeded(endpoint, milliseconds)
            else:
                self._host.router.let_go(endpoint)
                self._say_stop(endpoint)

    def _take_back(self) -> None:
        for endpoint in self._under_way.values():
            self._host.router.let_go(endpoint)
            self._say_stop(endpoint)

    def _say_stop(self, endpoint: Endpoint) -> None:
        draft = Draft(CANCEL, self._kind, self._agent.id, endpoint.agent.id, b"null", 60.0, 9)
        _, frame = self._host.writer.write(draft, causation=self._id)
        self._host.outbound.send(endpoint.host, Lane.URGENT, frame)


def _seconds(host: Host, wishes: Wishes) -> float:
    """How long an answer is waited for; a handler's questions end with its own deadline."""
    if wishes.cause is None:
        return wishes.deadline_seconds
    left = wishes.cause.header.expires / 1000 - host.clock.now_seconds()
    return max(min(wishes.deadline_seconds, left), 0.001)
