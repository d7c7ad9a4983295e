"""Questions that wait for an answer, by the id of their message.

The first answer of anybody who was asked counts: later ones, those after the deadline and those of strangers are
dropped and counted. While nobody answers, the same message is sent again under the same id, so that whoever was asked
does the work once, however often it hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from agents_offchain.messaging.errors import AskFailed, AskTimedOut
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.protocols.message import FAIL, PART, REPLY, Message
from agents_offchain.messaging.protocols.voices import Voices


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A reply, or a part of one. `sender` is proven, `body` is JSON data."""

    sender: str
    body: Any
    is_last: bool = True


class Failure(msgspec.Struct, frozen=True):
    """How an agent says that it cannot: `kind` is the error's name."""

    kind: str
    message: str
    is_retryable: bool = False
    retry_after_seconds: float = 1.0


UNREADABLE = Failure("Unreadable", "it answered with what cannot be read")


class AnswerFailed(AskFailed):
    """See `AskFailed`; with what the agent said."""

    def __init__(self, sender: str, failure: Failure) -> None:
        super().__init__(f"{sender} cannot: {failure.message}", sender=sender, kind=failure.kind)
        self.failure = failure


class OpenAsk:
    """One question. `tried` are the agents whose answer is taken; `on_part` is called for parts, in their order."""

    __slots__ = ("_expected", "_on_part", "_parts", "_waiter", "answer", "failures", "tried")

    def __init__(self, on_part: Callable[[Answer], None] | None = None) -> None:
        self.tried: set[str] = set()
        self.answer: Answer | None = None
        self.failures: dict[str, Failure] = {}
        self._on_part = on_part
        self._waiter: asyncio.Future[None] | None = None
        self._expected = 0
        self._parts: dict[int, Answer] = {}

    async def wait(self, target: str, seconds: float) -> bool:
        """Until there is an answer, or `target` failed, or the time is over; False then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.answer is None and target not in self.failures:
            remaining = end - loop.time()
            if remaining <= 0:
                return False
            self._waiter = loop.create_future()
            timer = loop.call_later(remaining, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        return True

    def take(self, message: Message) -> bool:
        """Take an answer in; False when it was not needed."""
        header = message.header
        if self.answer is not None:
            return False
        if header.verb == FAIL:
            self.failures[header.sender] = read_failure(message.body)
        elif self._on_part is None:
            if header.verb == REPLY:
                self.answer = Answer(header.sender, message.data())
        elif header.sequence < self._expected or header.sequence in self._parts:
            return False
        else:
            self._parts[header.sequence] = Answer(header.sender, message.data(), header.verb == REPLY)
            self._pass_on(self._on_part)
        self._wake()
        return True

    def forget_failure(self, target: str) -> None:
        """It is asked once more."""
        self.failures.pop(target, None)

    def _pass_on(self, on_part: Callable[[Answer], None]) -> None:
        while (answer := self._parts.pop(self._expected, None)) is not None:
            self._expected += 1
            if answer.is_last:
                self.answer = answer
                return
            on_part(answer)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Gatherer(Protocol):
    """Collects the answers to one broadcast."""

    def take(self, message: Message) -> None: ...

    def take_many(self, voices: Voices) -> None: ...


class Asks:
    """The open questions of one host."""

    def __init__(self, metrics: DeliveryMetrics) -> None:
        self._open: dict[str, OpenAsk] = {}
        self._gatherings: dict[str, Gatherer] = {}
        self._metrics = metrics

    def __len__(self) -> int:
        return len(self._open) + len(self._gatherings)

    def add(self, message_id: str, ask: OpenAsk) -> None:
        self._open[message_id] = ask

    def remove(self, message_id: str) -> None:
        self._open.pop(message_id, None)
        self._gatherings.pop(message_id, None)

    def add_gathering(self, message_id: str, gatherer: Gatherer) -> None:
        self._gatherings[message_id] = gatherer

    def take(self, message: Message) -> None:
        """An answer came."""
        header = message.header
        ask = self._open.get(header.causation)
        if ask is not None:
            if header.sender not in ask.tried:
                self._metrics.count("refused")
            elif not ask.take(message):
                self._metrics.count("repeated")
            return
        gathering = self._gatherings.get(header.causation)
        if gathering is None:
            self._metrics.count("late")
        elif header.verb != PART:
            gathering.take(message)

    def take_many(self, causation: str, voices: Voices) -> None:
        """Answers of many came, each believed."""
        gathering = self._gatherings.get(causation)
        if gathering is None:
            self._metrics.count("late", len(voices.agents))
        else:
            gathering.take_many(voices)


def read_failure(body: bytes) -> Failure:
    """What a failure says; never raises, since it is a stranger's words."""
    try:
        return msgspec.json.decode(body, type=Failure)
    except msgspec.MsgspecError:
        return UNREADABLE


def timed_out(target: str, seconds: float) -> AskTimedOut:
    return AskTimedOut(f"{target} did not answer within {seconds:g} s.", target=target)
