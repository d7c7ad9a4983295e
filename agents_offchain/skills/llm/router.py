"""Choose a model for a task, fall back when it fails, ask a second one when it is late, and say why.

A model fits when it may see the data, reads enough, is expected good enough, quick enough and cheap enough, and is not
resting. Of those that fit the cheapest good answer wins: expected cost over the share of good answers, then time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import Retryable
from agents_offchain.skills.llm.breaker import Breaker, RateLimit
from agents_offchain.skills.llm.catalogue import ModelEntry, Task
from agents_offchain.skills.llm.chat import Ask, Listener, Provider, Reply
from agents_offchain.skills.llm.errors import (
    AskCancelled,
    BudgetExceeded,
    ContentRefused,
    ContextTooLong,
    KeyRefused,
    NoModelFits,
    ProviderRefused,
)
from agents_offchain.skills.llm.experience import SLOW_FACTOR, Experience

CHARACTERS_PER_TOKEN = 3
"""For estimates; counted low, so that an estimate of tokens is rather too high."""
_ELSEWHERE = (Retryable, ContentRefused, ContextTooLong, KeyRefused, ProviderRefused, BudgetExceeded)


@dataclass(frozen=True, slots=True)
class Need:
    """What a task asks of a model.

    Attributes:
        least_quality: Share of answers that have to be good, in [0, 1].
        most_usd_picos: For one call; None is no ceiling.
        is_private: The data may not leave this machine.
    """

    task: Task
    least_quality: float = 0.0
    most_seconds: float = 60.0
    most_usd_picos: int | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    """One model with what was expected of it; `against` is empty for one that fits."""

    model: str
    against: str
    quality: float
    seconds: float
    cost_usd_picos: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "fits": not self.against,
            "against": self.against,
            "quality": round(self.quality, 3),
            "seconds": round(self.seconds, 2),
            "cost_usd_picos": str(self.cost_usd_picos),
        }


@dataclass(slots=True)
class Post:
    """A model on duty."""

    entry: ModelEntry
    provider: Provider
    breaker: Breaker
    limit: RateLimit


@dataclass(slots=True)
class Router:
    """All models of one worker.

    Attributes:
        experience: What was seen of them; grows with every call.
        explanations: One entry for every question, in order.
    """

    posts: Sequence[Post]
    experience: Experience
    now: Callable[[], float] = time.monotonic
    explanations: list[dict[str, Any]] = field(default_factory=list)

    def consider(self, need: Need, ask: Ask) -> list[Considered]:
        """Every model, those that fit first, best first."""
        found = [self._weigh(post, need, ask) for post in self.posts]
        return sorted(found, key=lambda one: (bool(one.against), _price_of_good(one), one.seconds, one.model))

    def complete(self, need: Need, ask: Ask, on_text: Listener | None = None) -> Reply:
        """Answer with the best model that can.

        Raises:
            NoModelFits: none fits; the message says what stands against the nearest one.
            AitbcError: the last model's trouble, when all that fit were tried.
        """
        considered = self.consider(need, ask)
        explanation: dict[str, Any] = {"task": need.task, "considered": [one.as_dict() for one in considered]}
        self.explanations.append(explanation)
        fitting = [self._post(one.model) for one in considered if not one.against]
        if not fitting:
            reasons = "; ".join(f"{one.model}: {one.against}" for one in considered)
            raise NoModelFits(
                f"No model fits the task {need.task} ({reasons}).",
                mend="Set AITBC_LANGUAGE_MODEL, or a file of models in AITBC_LANGUAGE.",
            )
        explanation["tried"] = tried = []
        trouble: Exception | None = None
        while fitting:
            post, spare = fitting.pop(0), (fitting[0] if fitting and on_text is None else None)
            try:
                reply, answered_by = self._ask(post, spare, need, ask, on_text)
            except _ELSEWHERE as error:
                tried.append({"model": post.entry.name, "error": type(error).__name__})
                trouble = error
                continue
            tried.append({"model": answered_by, "error": ""})
            explanation["chosen"] = answered_by
            return reply
        assert trouble is not None
        raise trouble

    def for_task(self, need: Need) -> RoutedProvider:
        """This router as a provider for one need."""
        return RoutedProvider(self, need)

    def _weigh(self, post: Post, need: Need, ask: Ask) -> Considered:
        entry, record = post.entry, self.experience.of(post.entry.name, need.task)
        tokens = sum(len(message.content) for message in ask.messages) // CHARACTERS_PER_TOKEN + 1
        expected = tokens * entry.picos_per_input_token + ask.max_tokens * entry.picos_per_output_token
        cost = int(expected * max(record.cost_ratio, 1.0))
        quality = record.quality(entry.quality_for(need.task)) * record.success()
        seconds = record.expected_seconds(entry.expected_seconds)
        checks: Mapping[str, bool] = {
            "the data may not leave this machine": need.is_private and not entry.is_private,
            f"reads {entry.context_tokens} tokens, {tokens + ask.max_tokens} are needed": tokens + ask.max_tokens
            > entry.context_tokens,
            f"good in {quality:.0%}, {need.least_quality:.0%} are needed": quality < need.least_quality,
            f"takes {seconds:.1f} s, {need.most_seconds:.1f} s are left": seconds > need.most_seconds,
            "costs more than allowed": need.most_usd_picos is not None and cost > need.most_usd_picos,
            "rests after failures": post.breaker.is_open,
            "is at its limit for this minute": not post.limit.has_room(tokens + ask.max_tokens),
        }
        against = next((reason for reason, is_so in checks.items() if is_so), "")
        return Considered(entry.name, against, quality, seconds, cost)

    def _ask(self, post: Post, spare: Post | None, need: Need, ask: Ask, on_text: Listener | None) -> tuple[Reply, str]:
        """Ask one model; a second one too when the first is late."""
        if spare is None:
            return self._timed(post, need, ask, on_text), post.entry.name
        usual = self.experience.of(post.entry.name, need.task).expected_seconds(post.entry.expected_seconds)
        pool = ThreadPoolExecutor(2)
        try:
            racing: dict[Future[Reply], Post] = {pool.submit(self._timed, post, need, ask, None): post}
            done, _ = wait(racing, timeout=SLOW_FACTOR * usual)
            if not done:
                racing[pool.submit(self._timed, spare, need, ask, None)] = spare
            return _first_good(racing)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, post: Post, need: Need, ask: Ask, on_text: Listener | None) -> Reply:
        """One call, with what it teaches."""
        began, name = self.now(), post.entry.name
        try:
            reply = post.provider.complete(ask, on_text)
        except (AskCancelled, BudgetExceeded):
            raise
        except _ELSEWHERE as error:
            self.experience.failed(name, need.task, ask.prompt)
            if isinstance(error, Retryable | KeyRefused):
                post.breaker.failed()
            raise
        if reply.is_kept:
            return reply
        post.breaker.succeeded()
        post.limit.note(reply.usage.prompt_tokens + reply.usage.completion_tokens)
        expected = self._expected_cost(post.entry, ask, reply)
        ratio = reply.cost_usd_picos / expected if expected else 1.0
        seconds = self.now() - began
        self.experience.answered(name, need.task, seconds=seconds, cost_ratio=ratio, prompt=ask.prompt)
        return reply

    def _expected_cost(self, entry: ModelEntry, ask: Ask, reply: Reply) -> int:
        """By our own count of what was sent and came; a provider that counts much more is dearer than its list."""
        sent = sum(len(message.content) for message in ask.messages) // CHARACTERS_PER_TOKEN + 1
        came = len(reply.text) // CHARACTERS_PER_TOKEN + 1
        return sent * entry.picos_per_input_token + came * entry.picos_per_output_token

    def _post(self, name: str) -> Post:
        return next(post for post in self.posts if post.entry.name == name)


@dataclass(frozen=True, slots=True)
class RoutedProvider:
    """The router seen as one model."""

    router: Router
    need: Need
    name: str = "router"

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        return self.router.complete(self.need, ask, on_text)


def build_posts(
    entries: Sequence[ModelEntry], provider_of: Callable[[ModelEntry], Provider], clock: Clock
) -> list[Post]:
    """Models ready to be asked, each with its own breaker and limit."""
    return [
        Post(
            entry,
            provider_of(entry),
            Breaker(clock),
            RateLimit(clock, entry.requests_per_minute, entry.tokens_per_minute),
        )
        for entry in entries
    ]


def _price_of_good(one: Considered) -> float:
    return one.cost_usd_picos / one.quality if one.quality > 0 else float("inf")


def _first_good(racing: dict[Future[Reply], Post]) -> tuple[Reply, str]:
    """The first answer of a race.

    Raises:
        AitbcError: what the last of them says, when none answers.
    """
    left = set(racing)
    while True:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in done:
            if future.exception() is None:
                return future.result(), racing[future].entry.name
        if not left:
            return next(iter(done)).result(), ""
