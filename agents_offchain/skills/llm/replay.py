"""Record what a provider answered, and answer the same again: for evidence that can be replayed, and for tests."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.skills.llm.chat import Ask, Listener, Provider, Reply, Usage
from agents_offchain.skills.llm.errors import AskCancelled, ProviderRefused


def ask_key(ask: Ask) -> str:
    """Hex digest of everything that decides the answer."""
    return hashlib.sha256(canonical_json(ask.as_dict())).hexdigest()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question with its answer."""

    purpose: str
    ask: Ask
    reply: Reply

    def as_dict(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose,
            "key": ask_key(self.ask),
            "ask": self.ask.as_dict(),
            "reply": {
                "text": self.reply.text,
                "model": self.reply.model,
                "finish": self.reply.finish,
                "prompt_tokens": self.reply.usage.prompt_tokens,
                "completion_tokens": self.reply.usage.completion_tokens,
                "cost_usd_picos": str(self.reply.cost_usd_picos),
            },
        }


@dataclass(slots=True)
class Recorder:
    """Passes questions on and keeps every exchange, in order.

    Attributes:
        purpose: Written beside the exchanges from now on.
    """

    provider: Provider
    purpose: str = ""
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.provider.name

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        reply = self.provider.complete(ask, on_text)
        self.exchanges.append(Exchange(self.purpose, ask, reply))
        return reply

    def trace(self) -> list[dict[str, Any]]:
        """All exchanges as data."""
        return [exchange.as_dict() for exchange in self.exchanges]


class Replay:
    """Answers from recorded exchanges alone; what was asked twice gets the two answers in their order.

    Args:
        trace: What `Recorder.trace` made.
    """

    def __init__(self, trace: Iterable[Mapping[str, Any]], name: str = "replay") -> None:
        self.name = name
        self._replies: defaultdict[str, deque[Mapping[str, Any]]] = defaultdict(deque)
        for entry in trace:
            self._replies[str(entry["key"])].append(entry["reply"])

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        """Raises ProviderRefused for a question that was not recorded."""
        replies = self._replies.get(ask_key(ask))
        if not replies:
            raise ProviderRefused("This question was not recorded.", mend="Record the run again.")
        kept = replies.popleft() if len(replies) > 1 else replies[0]
        if on_text is not None and not on_text(kept["text"]):
            raise AskCancelled("The answer is not wanted any more.")
        return Reply(
            text=kept["text"],
            model=kept["model"],
            usage=Usage(kept["prompt_tokens"], kept["completion_tokens"]),
            finish=kept["finish"],
            cost_usd_picos=int(kept["cost_usd_picos"]),
        )
