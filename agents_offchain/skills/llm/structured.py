"""An answer of a promised form: asked for with its schema, read, checked, sent back once or twice, or given up.

Two words for trouble: *advice* is text that goes back to the model (bounded), *giving up* ends the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents_offchain.skills.llm.chat import Ask, Message, Provider, Reply
from agents_offchain.skills.llm.errors import AnswerMalformed, ContentRefused
from agents_offchain.skills.llm.prompts.prompt import Prompt, mark_off

MAX_REPAIRS = 2
_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)
_REFUSALS = re.compile(
    r"^\W*(?:i['’]?m sorry|i am sorry|sorry,|i can(?:not|['’]t) (?:help|assist|do|provide|comply)|as an ai\b|"
    r"i (?:won['’]t|will not|am unable|am not able))",
    re.IGNORECASE,
)


class Advice(Exception):  # it is a word to the model, not to a person
    """The answer can be mended; the text says how."""


def ask_for_json(
    provider: Provider,
    prompt: Prompt,
    values: Mapping[str, str | int],
    max_repairs: int = MAX_REPAIRS,
    grammar: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Ask a prompt that has an output schema; the answer as data that follows it.

    Args:
        grammar: A narrower schema that the provider is asked to hold the model to; the prompt's is what is checked.

    Raises:
        ContentRefused: the model declines.
        AnswerMalformed: no answer of that form after all repairs.
        AitbcError: what the provider says.
    """
    schema = prompt.output_schema or {"type": "object"}
    meaning = mark_off(str(values[prompt.meaning])) if prompt.meaning else ""
    ask = Ask(prompt.render(values), prompt.max_tokens, grammar or schema, meaning=meaning, prompt=prompt.id)
    advice = ""
    for _ in range(max_repairs + 1):
        reply = provider.complete(ask)
        try:
            return read_json(reply, schema)
        except Advice as found:
            advice = str(found)
            ask = _repeated(ask, reply, advice)
    raise AnswerMalformed(
        f"The model's answer is not what {prompt.id} asks for: {advice}", mend="Configure a larger model."
    )


def read_json(reply: Reply, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The data in an answer.

    Raises:
        ContentRefused: the words of a refusal in place of data.
        Advice: cut off, not JSON, or not of the schema.
    """
    import jsonschema

    if reply.finish == "length":
        raise Advice("The answer was cut off. Answer again, shorter.")
    fenced = _FENCE.match(reply.text)
    text = fenced.group(1) if fenced else reply.text
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        if _REFUSALS.match(reply.text):
            raise ContentRefused("The model declines to answer.", mend="Ask otherwise, or another model.") from error
        raise Advice("The answer is not JSON. Answer with the JSON object alone.") from error
    try:
        jsonschema.validate(data, schema)
    except jsonschema.ValidationError as error:
        where = ".".join(str(part) for part in error.absolute_path) or "the answer"
        raise Advice(f"{where}: {error.message[:200]}.") from error
    if not isinstance(data, dict):
        raise Advice("Answer with one JSON object.")
    return data


def _repeated(ask: Ask, reply: Reply, advice: str) -> Ask:
    """The same question with the answer that failed and what to mend."""
    turns = [*ask.messages, Message("assistant", reply.text[:2000]), Message("user", advice)]
    return replace(ask, messages=turns)
