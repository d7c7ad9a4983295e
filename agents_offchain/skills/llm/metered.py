"""A provider that looks into its cache first and pays from a budget, both of one tenant and one job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.llm.answer_cache import AnswerCache
from agents_offchain.skills.llm.catalogue import ModelEntry
from agents_offchain.skills.llm.chat import Ask, Listener, Provider, Reply
from agents_offchain.skills.llm.errors import AskCancelled, BudgetExceeded
from agents_offchain.skills.llm.router import CHARACTERS_PER_TOKEN
from agents_offchain.storage.spending import Ceiling, SpendingBook, SpendingStopped


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
        kept = self.cache.find(self.tenant, self.name, ask) if self.cache is not None else None
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
            self.cache.keep(self.tenant, self.name, ask, reply)
        return reply


def forecast(entry: ModelEntry, ask: Ask) -> int:
    """The most a call should cost, in pico-dollars: our count of what goes in, and the longest answer."""
    sent = sum(len(message.content) for message in ask.messages) // CHARACTERS_PER_TOKEN + 16 * len(ask.messages)
    return sent * entry.picos_per_input_token + ask.max_tokens * entry.picos_per_output_token
