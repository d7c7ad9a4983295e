"""Every model that is not in this process, through LiteLLM: hosted providers, Ollama, any OpenAI-compatible server.

LiteLLM is imported with the first question (it takes seconds) and told not to fetch price lists or read `.env` files.
Its exceptions end here. A key is read when it is needed, handed over, and never kept in a message, a log or an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.llm.catalogue import ModelEntry
from agents_offchain.skills.llm.chat import Ask, Listener, Reply, Usage
from agents_offchain.skills.llm.errors import (
    AnswerCut,
    AskCancelled,
    ContentRefused,
    ContextTooLong,
    KeyRefused,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
)

_NO_KEY = "none"
"""Servers without keys still want the field."""


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """One entry of the catalogue as a provider."""

    entry: ModelEntry

    @property
    def name(self) -> str:
        return self.entry.name

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        """Answer once, by a stream, so that a cut or a cancel is seen at once."""
        litellm = _litellm()
        try:
            stream = litellm.completion(**self._request(ask))
            return self._read(stream, on_text)
        except AitbcError:
            raise
        except Exception as error:
            raise _translate(litellm, error, self.name) from None

    def _request(self, ask: Ask) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.entry.model,
            "messages": [message.as_dict() for message in ask.messages],
            "max_tokens": ask.max_tokens,
            "temperature": 0,
            "seed": ask.seed,
            "timeout": ask.timeout_seconds,
            "num_retries": 0,
            "max_retries": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "api_key": _read_key(self.entry),
            "drop_params": True,
        }
        if self.entry.api_base:
            request["api_base"] = self.entry.api_base
        if ask.schema is not None:
            named = {"name": "answer", "schema": dict(ask.schema), "strict": False}
            request["response_format"] = {"type": "json_schema", "json_schema": named}
        return request

    def _read(self, stream: Any, on_text: Listener | None) -> Reply:
        pieces: list[str] = []
        finish, usage, model = "", Usage(), self.entry.model
        for chunk in stream:
            model = str(getattr(chunk, "model", "") or model)
            usage = _usage(chunk) or usage
            for choice in chunk.choices[:1]:
                piece = choice.delta.content or ""
                pieces.append(piece)
                finish = choice.finish_reason or finish
                if piece and on_text is not None and not on_text(piece):
                    raise AskCancelled("The answer is not wanted any more.")
        if not finish or getattr(stream, "received_finish_reason", finish) is None:  # LiteLLM makes one up at the end
            raise AnswerCut(f"The answer of {self.name} was cut.")
        if finish == "content_filter":
            raise ContentRefused(f"{self.name} declines to answer.")
        return Reply(
            text="".join(pieces),
            model=model,
            usage=usage,
            finish="length" if finish == "length" else "stop",
            cost_usd_picos=self.entry.cost_usd_picos(usage),
        )


def _usage(chunk: Any) -> Usage | None:
    counted = getattr(chunk, "usage", None)
    if counted is None:
        return None
    return Usage(int(counted.prompt_tokens or 0), int(counted.completion_tokens or 0))


def _read_key(entry: ModelEntry) -> str:
    """The key, from its file or environment variable.

    Raises:
        KeyRefused: it is not where the catalogue says; the value is never part of the message.
    """
    if entry.key_file is not None:
        try:
            return entry.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyRefused(
                f"The key file of {entry.name} cannot be read.", mend=f"Put the key into {entry.key_file}."
            ) from error
    if entry.key_env:
        key = os.environ.get(entry.key_env, "")
        if not key:
            raise KeyRefused(f"{entry.key_env} is not set, so {entry.name} cannot be asked.", mend="Set it.")
        return key
    return _NO_KEY


@cache
def _litellm() -> Any:
    """The library, quiet and offline by itself."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = True
    return litellm


def _translate(litellm: Any, error: Exception, name: str) -> AitbcError:
    """A library's exception in our words, without its text, which may repeat what was sent."""
    kinds = litellm.exceptions
    table: Mapping[type[Exception], type[AitbcError]] = {
        kinds.ContextWindowExceededError: ContextTooLong,
        kinds.ContentPolicyViolationError: ContentRefused,
        kinds.AuthenticationError: KeyRefused,
        kinds.PermissionDeniedError: KeyRefused,
        kinds.RateLimitError: RateLimited,
        kinds.Timeout: ProviderTimeout,
        kinds.MidStreamFallbackError: AnswerCut,
        kinds.NotFoundError: ProviderRefused,
        kinds.UnprocessableEntityError: ProviderRefused,
        kinds.BadRequestError: ProviderRefused,
    }
    family = next((ours for theirs, ours in table.items() if isinstance(error, theirs)), ProviderUnavailable)
    words = {
        ContextTooLong: "was asked more than it reads",
        ContentRefused: "declines to answer",
        KeyRefused: "does not take the key",
        RateLimited: "says: not so fast",
        ProviderTimeout: "did not answer in time",
        AnswerCut: "was cut in its answer",
        ProviderRefused: "says that the request is wrong",
        ProviderUnavailable: "cannot be reached or failed",
    }
    return family(f"{name} {words[family]}.", kind=type(error).__name__)
