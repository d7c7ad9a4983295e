"""What is asked of a language model and what comes back, the same for every provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]
Listener = Callable[[str], bool]
"""Gets each new piece of the answer; False cancels."""

PICOS_PER_USD = 10**12
"""Money of models is counted in whole pico-dollars, so that a token's price is an integer and sums are exact."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn."""

    role: Role
    content: str

    def as_dict(self) -> dict[str, str]:
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a model.

    Attributes:
        max_tokens: Most tokens of the answer.
        schema: JSON schema that the answer has to follow, where the provider can hold a model to one.
        seed: For providers that have one; temperature is 0 always.
        timeout_seconds: Most time until the whole answer is there.
        meaning: The piece of the last message that is a question; asks equal but for its wording may share an answer.
        prompt: Name and version of the prompt file that it was made of; empty for none.
    """

    messages: Sequence[Message]
    max_tokens: int = 256
    schema: Mapping[str, Any] | None = None
    seed: int = 0
    timeout_seconds: float = 60.0
    meaning: str = ""
    prompt: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What decides the answer, as data; the time allowed does not."""
        return {
            "messages": [message.as_dict() for message in self.messages],
            "max_tokens": self.max_tokens,
            "schema": dict(self.schema) if self.schema is not None else None,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        model: What answered; with a digest where the weights are known.
        finish: ``stop`` when the model ended, ``length`` when it was cut at `max_tokens`.
        cost_usd_picos: What this call costs by the price list; 0 for a local model.
        is_kept: It was given before and nobody was asked now.
    """

    text: str
    model: str
    usage: Usage = field(default_factory=Usage)
    finish: Literal["stop", "length"] = "stop"
    cost_usd_picos: int = 0
    is_kept: bool = False


class Provider(Protocol):
    """Something that answers."""

    @property
    def name(self) -> str:
        """What people call it in settings, logs and evidence."""
        ...

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        """Answer once.

        Raises:
            ProviderUnavailable, ProviderTimeout, RateLimited, AnswerCut: try again, or elsewhere.
            ProviderRefused, KeyRefused, ContextTooLong, ContentRefused: this provider will not answer this.
            AskCancelled: `on_text` said so.
        """
        ...
