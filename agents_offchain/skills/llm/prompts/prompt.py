"""Read, check and render a prompt file.

A prompt has instructions (ours) and data (somebody else's). Instructions are the `system` text and may hold only `word`
and `number` variables; everything of type `data` goes into the `user` text inside a marked-off block, whose marks
cannot be forged because the data's own lines are prefixed. Rendering is a pure function: same values, same messages.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.skills.llm.chat import Message
from agents_offchain.skills.llm.errors import PromptInvalid

VariableType = Literal["word", "number", "data"]
_PLACE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_WORD = re.compile(r"[\w .,:/+-]{1,200}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ue000-\uf8ff]|<\|[^|>]{0,40}\|>")
DATA_MARK = "| "
"""Begins every line of somebody else's words."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Strict):
    """A worked example: values and the answer that was wanted, as JSON text."""

    values: dict[str, str | int]
    answer: str


class GoldenTest(_Strict):
    """Values, and pieces that the rendered text has to hold or must not hold."""

    name: str
    values: dict[str, str | int]
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class Change(_Strict):
    """What a version changed, and why."""

    version: int
    change: str


class Prompt(_Strict):
    """One prompt.

    Attributes:
        output_schema: JSON schema of the answer; None for free text.
        meaning: The data variable that is a question, whose wording may differ for the same answer; empty for none.
        is_trial: Used only where its version is named, until outcomes show that it is better.
    """

    name: str
    version: int = Field(ge=1)
    purpose: str
    max_tokens: int = Field(ge=1, le=4096)
    variables: dict[str, VariableType]
    system: str
    user: str
    output_schema: dict[str, Any] | None = None
    meaning: str = ""
    is_trial: bool = False
    examples: tuple[Example, ...] = ()
    tests: tuple[GoldenTest, ...] = ()
    changelog: tuple[Change, ...] = Field(min_length=1)

    @property
    def id(self) -> str:
        """Name and version, for traces and A/B comparisons."""
        return f"{self.name}/{self.version}"

    def render(self, values: Mapping[str, str | int]) -> list[Message]:
        """The messages for these values: instructions, worked examples, then the question.

        Raises:
            PromptInvalid: a value is missing, unknown, or not of its type.
        """
        turns = [Message("system", self._fill(self.system, values, "system").strip())]
        for example in self.examples:
            turns.append(Message("user", self._fill(self.user, example.values, "user").strip()))
            turns.append(Message("assistant", example.answer))
        return [*turns, Message("user", self._fill(self.user, values, "user").strip())]

    def shown(self, examples: Sequence[tuple[Mapping[str, str | int], Mapping[str, Any]]]) -> Prompt:
        """This prompt with more worked examples, values and answer, which outcomes chose; its own come first."""
        more = [Example(values=dict(values), answer=json.dumps(dict(answer))) for values, answer in examples]
        return self.model_copy(update={"examples": (*self.examples, *more)})

    def check(self) -> Prompt:
        """The prompt itself, when its variables, examples, tests and changelog fit together.

        Raises:
            PromptInvalid: they do not.
        """
        used = {name for text in (self.system, self.user) for name in _PLACE.findall(text)}
        if used != set(self.variables):
            raise PromptInvalid(f"The prompt {self.id} declares {sorted(self.variables)} and uses {sorted(used)}.")
        if any(self.variables[name] == "data" for name in _PLACE.findall(self.system)):
            raise PromptInvalid(f"The prompt {self.id} puts data among its instructions.")
        if self.meaning and self.variables.get(self.meaning) != "data":
            raise PromptInvalid(f"The prompt {self.id} names {self.meaning!r}, which is no data, as its question.")
        if self.changelog[-1].version != self.version:
            raise PromptInvalid(f"The changelog of {self.id} does not end with its version.")
        for test in self.tests:
            text = "\n".join(message.content for message in self.render(test.values))
            if not all(piece in text for piece in test.holds) or any(piece in text for piece in test.lacks):
                raise PromptInvalid(f"The prompt {self.id} fails its test {test.name!r}.")
        return self

    def _fill(self, text: str, values: Mapping[str, str | int], where: str) -> str:
        unknown = sorted(set(values) - set(self.variables))
        if unknown:
            raise PromptInvalid(f"The prompt {self.id} has no variable {unknown[0]!r}.")

        def put(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in values:
                raise PromptInvalid(f"The prompt {self.id} wants a value for {name!r}.")
            return _typed(self.id, name, self.variables[name], values[name])

        return _PLACE.sub(put, text)


def load_prompt(name: str, version: int | None = None) -> Prompt:
    """A prompt of this folder, checked; the newest version that is not on trial, unless one is named.

    Raises:
        PromptInvalid: there is none, or its file cannot be used.
    """
    folder = Path(__file__).parent
    files = sorted(folder.glob(f"{name}.v*.toml"), key=lambda file: int(file.stem.rsplit(".v", 1)[1]))
    chosen = [file for file in files if version is None or file.stem.endswith(f".v{version}")]
    if not chosen:
        raise PromptInvalid(f"There is no prompt {name!r}" + (f" of version {version}." if version else "."))
    prompts = [read_prompt(file) for file in chosen]
    return next((prompt for prompt in reversed(prompts) if not prompt.is_trial), prompts[-1])


def list_prompts() -> list[Prompt]:
    """Every version of every prompt of this folder, by name and version.

    Raises:
        PromptInvalid: a file cannot be used.
    """
    prompts = [read_prompt(file) for file in Path(__file__).parent.glob("*.v*.toml")]
    return sorted(prompts, key=lambda prompt: (prompt.name, prompt.version))


def read_prompt(file: Path) -> Prompt:
    """A prompt from a file.

    Raises:
        PromptInvalid: the file cannot be used; the message says why.
    """
    try:
        prompt = Prompt.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PromptInvalid(f"The prompt file {file.name} cannot be read: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PromptInvalid(f"The prompt file {file.name}: {where}: {first['msg']}.") from error
    if f"{prompt.name}.v{prompt.version}.toml" != file.name:
        raise PromptInvalid(f"The prompt file {file.name} holds {prompt.id}.")
    return prompt.check()


def mark_off(data: str) -> str:
    """Somebody else's words, without control characters or chat marks, each line prefixed."""
    lines = _CONTROL.sub(" ", data.replace("\r\n", "\n")).splitlines() or [""]
    return "\n".join(DATA_MARK + line for line in lines)


def _typed(prompt: str, name: str, kind: VariableType, value: str | int) -> str:
    if kind == "number" and isinstance(value, int):
        return str(value)
    if kind == "word" and isinstance(value, str) and _WORD.fullmatch(value):
        return value
    if kind == "data" and isinstance(value, str):
        return mark_off(value)
    raise PromptInvalid(f"The prompt {prompt} wants a {kind} for {name!r}.")
