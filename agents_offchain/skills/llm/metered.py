"""A provider that looks into its cache first and pays from a budget, both of one tenant and one job."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.embedding.embedder import Embedder, Vectors
from agents_offchain.skills.knowledge.words import find_numbers, has_negation
from agents_offchain.skills.llm.catalogue import ModelEntry
from agents_offchain.skills.llm.chat import Ask, Listener, Message, Provider, Reply
from agents_offchain.skills.llm.errors import AskCancelled, BudgetExceeded
from agents_offchain.skills.llm.replay import ask_key
from agents_offchain.skills.llm.router import CHARACTERS_PER_TOKEN
from agents_offchain.storage.spending import Ceiling, SpendingBook, SpendingStopped

SAME_MEANING = 0.93
"""Questions at least this near (cosine) may share an answer when numbers, negation and everything else are equal."""
CACHE_ENTRIES = 1_000


@dataclass(slots=True)
class AnswerCache:
    """Answers by what was asked, apart for each tenant; exact first, then by meaning of the last turn alone.

    Args:
        embedder: For the search by meaning; None is exact only.
    """

    clock: Clock
    keep_seconds: float
    embedder: Embedder | None = None
    _exact: OrderedDict[tuple[str, str], tuple[float, Reply]] = field(default_factory=OrderedDict)
    _near: dict[tuple[str, str], list[tuple[float, Vectors, Reply]]] = field(default_factory=dict)

    def find(self, tenant: str, ask: Ask) -> Reply | None:
        """A kept answer that has not expired; it costs nothing."""
        kept = self._exact.get((tenant, ask_key(ask)))
        now = self.clock.now_seconds()
        if kept is not None and kept[0] > now:
            return _free(kept[1])
        if self.embedder is None:
            return None
        vector = self.embedder.embed([ask.messages[-1].content])[0]
        for expires, other, reply in self._near.get((tenant, _frame(ask)), ()):
            if expires > now and float(np.dot(vector, other)) >= SAME_MEANING:
                return _free(reply)
        return None

    def keep(self, tenant: str, ask: Ask, reply: Reply) -> None:
        """Keep an answer that is whole."""
        if reply.finish != "stop" or self.keep_seconds <= 0:
            return
        expires = self.clock.now_seconds() + self.keep_seconds
        self._exact[(tenant, ask_key(ask))] = (expires, reply)
        while len(self._exact) > CACHE_ENTRIES:
            self._exact.popitem(last=False)
        if self.embedder is not None:
            vector = self.embedder.embed([ask.messages[-1].content])[0]
            near = self._near.setdefault((tenant, _frame(ask)), [])
            near[:] = [*near[-CACHE_ENTRIES + 1 :], (expires, vector, reply)]

    def forget(self, tenant: str) -> None:
        """Drop everything of one tenant."""
        self._exact = OrderedDict((key, kept) for key, kept in self._exact.items() if key[0] != tenant)
        self._near = {key: kept for key, kept in self._near.items() if key[0] != tenant}


@dataclass(frozen=True, slots=True)
class Metered:
    """One model with a purse.

    Attributes:
        agent, job: Whose money it is.
        tenant: Whose answers may be shared; never those of another.
    """

    entry: ModelEntry
    provider: Provider
    book: SpendingBook
    ceiling: Ceiling
    agent: str
    job: str
    tenant: str
    cache: AnswerCache | None = None

    @property
    def name(self) -> str:
        return self.entry.name

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        """Answer from the cache, else within the budget.

        Raises:
            BudgetExceeded: it may cost more than is left; the model was not asked.
        """
        kept = self.cache.find(self.tenant, ask) if self.cache is not None else None
        if kept is not None:
            if on_text is not None and not on_text(kept.text):
                raise AskCancelled("The answer is not wanted any more.")
            return kept
        try:
            line = self.book.reserve(self.agent, self.job, self.name, forecast(self.entry, ask), self.ceiling)
        except SpendingStopped as error:
            raise BudgetExceeded(error.message, mend=error.mend, model=self.name) from error
        return self._pay(line, lambda: self.provider.complete(ask, on_text), ask)

    def _pay(self, line: int, call: Callable[[], Reply], ask: Ask) -> Reply:
        """What failed without an answer is not billed; what was cancelled stays reserved, since it may be."""
        try:
            reply = call()
        except AskCancelled:
            raise
        except AitbcError:
            self.book.settle(line, 0, 0, 0)
            raise
        usage = reply.usage
        self.book.settle(line, reply.cost_usd_picos, usage.prompt_tokens, usage.completion_tokens)
        if self.cache is not None:
            self.cache.keep(self.tenant, ask, reply)
        return reply


def forecast(entry: ModelEntry, ask: Ask) -> int:
    """The most a call should cost, in pico-dollars: our count of what goes in, and the longest answer."""
    sent = sum(len(message.content) for message in ask.messages) // CHARACTERS_PER_TOKEN + 16 * len(ask.messages)
    return sent * entry.picos_per_input_token + ask.max_tokens * entry.picos_per_output_token


def _free(reply: Reply) -> Reply:
    return Reply(reply.text, reply.model, reply.usage, reply.finish, 0)


def _frame(ask: Ask) -> str:
    """Everything of a question but the wording of its last turn; its numbers and whether it says no belong to it."""
    last = ask.messages[-1].content
    told = Message("system", f"{sorted(find_numbers(last))} {has_negation(last)}")
    return ask_key(Ask([*ask.messages[:-1], told], ask.max_tokens, ask.schema, ask.seed))
