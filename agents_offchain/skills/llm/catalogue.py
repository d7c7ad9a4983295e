"""Which models may be asked, at what price, with which limits: data from one TOML file, or one environment variable.

Keys are never in the file: an entry names an environment variable or a file that holds its key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from agents_offchain.skills.llm.chat import PICOS_PER_USD, Usage
from agents_offchain.skills.llm.errors import LanguageSettingsInvalid
from agents_offchain.skills.llm.local import CONTEXT_TOKENS

Task = Literal["answer", "summarise", "extract", "classify", "translate", "judge", "draft-job", "reason"]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Dollars = Annotated[Decimal, Field(ge=0, max_digits=20)]
LOCAL_QUALITY: dict[Task, float] = {"answer": 0.25, "classify": 0.25}
"""Of the small local model, from `make eval-language MODELS=local` (four items each); other tasks were not measured."""
KEY_NAMES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "huggingface": "HF_TOKEN"}
DEFAULT_CONTEXT, DEFAULT_QUALITY = 32_000, 0.7


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelEntry(_Strict):
    """One model.

    Attributes:
        name: What people call it.
        kind: ``local`` is the one that comes with the product; ``litellm`` is any other.
        model: LiteLLM's name, such as ``openai/gpt-4o-mini``, ``ollama/llama3.2`` or ``openai/x`` with `api_base`.
        key_env, key_file: Where its key is; at most one of the two.
        input_usd_per_million, output_usd_per_million: The price list, US dollars for a million tokens.
        context_tokens: Question and answer together.
        is_private: The data stays on this machine.
        quality: What share of each task's answers are expected to be good, until it is known better.
    """

    name: Name
    kind: Literal["local", "litellm"] = "litellm"
    model: str = ""
    api_base: str = ""
    key_env: str = ""
    key_file: Path | None = None
    input_usd_per_million: Dollars = Decimal(0)
    output_usd_per_million: Dollars = Decimal(0)
    context_tokens: int = Field(default=DEFAULT_CONTEXT, ge=256)
    is_private: bool = False
    quality: dict[Task, Share] = Field(default_factory=dict)
    default_quality: Share = 0.0
    expected_seconds: float = Field(default=3.0, gt=0)
    requests_per_minute: int = Field(default=0, ge=0, description="0 is no limit")
    tokens_per_minute: int = Field(default=0, ge=0, description="0 is no limit")

    @model_validator(mode="after")
    def _complete(self) -> ModelEntry:
        if self.kind == "litellm" and "/" not in self.model:
            raise ValueError("model must be provider/name, such as openai/gpt-4o-mini")
        if self.key_env and self.key_file:
            raise ValueError("name key_env or key_file, not both")
        for price in (self.input_usd_per_million, self.output_usd_per_million):
            if price * PICOS_PER_USD % 1_000_000:
                raise ValueError("a price has more than six decimals")
        return self

    @property
    def picos_per_input_token(self) -> int:
        return int(self.input_usd_per_million * PICOS_PER_USD / 1_000_000)

    @property
    def picos_per_output_token(self) -> int:
        return int(self.output_usd_per_million * PICOS_PER_USD / 1_000_000)

    def cost_usd_picos(self, usage: Usage) -> int:
        """What these tokens cost by the price list; exact."""
        return usage.prompt_tokens * self.picos_per_input_token + usage.completion_tokens * self.picos_per_output_token

    def quality_for(self, task: Task) -> float:
        return self.quality.get(task, self.default_quality)


class Budget(_Strict):
    """Hard stops in US dollars; a call that might pass one is not made."""

    usd_per_job: Dollars = Decimal("0.05")
    usd_per_day: Dollars = Decimal("1")
    alert_percent: int = Field(default=80, ge=1, le=100)


class Catalogue(_Strict):
    """All models of this machine, and what may be spent."""

    models: tuple[ModelEntry, ...] = Field(min_length=1)
    budget: Budget = Budget()
    cache_seconds: int = Field(default=86_400, ge=0, description="how long an answer is good; 0 is no cache")
    cache_by_meaning: bool = Field(default=False, description="also for a question in other words")
    prompts: dict[str, tuple[int, ...]] = Field(default_factory=dict, description="versions on trial, by prompt")

    @model_validator(mode="after")
    def _each_once(self) -> Catalogue:
        names = [entry.name for entry in self.models]
        if len(set(names)) != len(names):
            raise ValueError("a model is named twice")
        return self

    @property
    def key_names(self) -> tuple[str, ...]:
        """Environment variables that a worker needs for its keys."""
        return tuple(sorted({entry.key_env for entry in self.models if entry.key_env}))


LOCAL_ENTRY = ModelEntry(
    name="local",
    kind="local",
    context_tokens=CONTEXT_TOKENS,
    is_private=True,
    quality=LOCAL_QUALITY,
    expected_seconds=8.0,
)


def default_catalogue(model: str = "", api_base: str = "") -> Catalogue:
    """The local model, and one more when it is named.

    Args:
        model: LiteLLM's name of it; its key is looked for where its provider's own tools do.
        api_base: URL of an OpenAI-compatible server, when it is one.

    Raises:
        LanguageSettingsInvalid: the name is none.
    """
    if not model:
        return Catalogue(models=(LOCAL_ENTRY,))
    is_local = "//127.0.0.1" in api_base or "//localhost" in api_base or model.startswith("ollama")
    key = KEY_NAMES.get(model.split("/")[0], "")
    fields = {"name": "main", "model": model, "api_base": api_base, "default_quality": DEFAULT_QUALITY}
    return parse_catalogue(
        {"models": [LOCAL_ENTRY.model_dump(), {**fields, "is_private": is_local, "key_env": key}]},
        "AITBC_LANGUAGE_MODEL",
    )


def load_catalogue(path: Path) -> Catalogue:
    """Read a file of models.

    Raises:
        LanguageSettingsInvalid: absent, not TOML, or a field is wrong; the message names it.
    """
    try:
        return parse_catalogue(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LanguageSettingsInvalid(f"The file of models at {path} cannot be read: {error}.") from error


def parse_catalogue(data: Mapping[str, Any], where: str) -> Catalogue:
    """The catalogue in some data.

    Raises:
        LanguageSettingsInvalid: a field is wrong.
    """
    try:
        return Catalogue.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise LanguageSettingsInvalid(f"{where}: {field}: {first['msg']}.", mend="Mend that field.") from error
