"""Answers of many to one broadcast: the first, k of them, all that were there, or as many as come in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.host.asks import UNREADABLE, Answer, Failure, read_failure
from agents_offchain.messaging.protocols.message import FAIL, Message
from agents_offchain.messaging.protocols.voices import Voices


@dataclass(frozen=True)
class Until:
    """When a gathering ends: after `count` answers, or with 0 at the deadline; with None when all have answered."""

    count: int | None


FIRST = Until(1)
EVERYBODY = Until(None)
DEADLINE = Until(0)


def at_least(count: int) -> Until:
    """As soon as so many have answered."""
    return Until(count)


@dataclass(frozen=True)
class Gathered:
    """What came back. `is_complete` is False when the deadline came before enough answers did."""

    answers: tuple[Answer, ...]
    failures: Mapping[str, Failure]
    asked: int
    is_complete: bool


@dataclass
class Gathering:
    """Collects until enough; each agent's first word counts. `heard` are those who said one."""

    needed: int
    asked: int
    answers: list[Answer] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, message: Message) -> None:
        """One agent's answer."""
        sender = message.header.sender
        if sender in self.heard:
            return
        self.heard.add(sender)
        if message.header.verb == FAIL:
            self.failures[sender] = read_failure(message.body)
        else:
            self._answer(sender, message)
        self._look()

    def take_many(self, voices: Voices) -> None:
        """The answers of many agents at once."""
        if not voices.failures and self.heard.isdisjoint(voices.agents):
            self.answers += map(Answer, voices.agents, voices.answers)
        else:
            for place, (agent, answer) in enumerate(zip(voices.agents, voices.answers, strict=True)):
                if agent in self.heard:
                    continue
                if place in voices.failures:
                    self.failures[agent] = read_failure(voices.failures[place])
                else:
                    self.answers.append(Answer(agent, answer))
        self.heard.update(voices.agents)
        self._look()

    def _answer(self, sender: str, message: Message) -> None:
        try:
            self.answers.append(Answer(sender, message.data()))
        except EnvelopeInvalid:
            self.failures[sender] = UNREADABLE

    def _look(self) -> None:
        if len(self.answers) >= self.needed or len(self.heard) >= self.asked:
            self.enough.set()

    def result(self) -> Gathered:
        return Gathered(
            tuple(self.answers),
            dict(self.failures),
            self.asked,
            len(self.answers) >= min(self.needed, self.asked),
        )


def needed_of(until: Until, asked: int) -> int:
    """How many answers end it; more than were asked for a gathering that waits for its deadline."""
    if until.count is None:
        return asked
    return until.count or asked + 1
