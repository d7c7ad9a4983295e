"""Plan, act, check: a model that may look things up before it answers, within steps, and whose every step is kept.

The model proposes one step at a time as JSON; the toolbox decides what is done. Tool output goes back marked off as
data. An answer is accepted when what was looked up carries it (`knowledge.support`), orders to a machine
left out; otherwise that step is lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agents_offchain.skills.knowledge.instructions import speaks_to_machine
from agents_offchain.skills.knowledge.support import weigh_support
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.prompts.prompt import load_prompt
from agents_offchain.skills.llm.structured import ask_for_json
from agents_offchain.skills.llm.tools import Toolbox, ToolRefused

MAX_STEPS = 6
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``tool`` with its output, ``answer`` or ``refused``."""

    kind: str
    name: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name, "detail": self.detail}


@dataclass(slots=True)
class Reasoned:
    """What came out.

    Attributes:
        answer: Empty when nothing was found that carries one.
        steps: The whole trace.
    """

    answer: str = ""
    steps: list[Step] = field(default_factory=list)


def reason(question: str, toolbox: Toolbox, provider: Provider, max_steps: int = MAX_STEPS) -> Reasoned:
    """Answer a question by looking things up.

    Raises:
        AitbcError: what the provider says.
    """
    prompt, done = load_prompt("reason"), Reasoned()
    for left in range(max_steps, 0, -1):
        values: dict[str, str | int] = {
            "tools": toolbox.describe(),
            "steps_left": left,
            "question": question,
            "seen": _seen(done.steps),
        }
        proposed = ask_for_json(provider, prompt, values)
        if proposed["action"] == "answer":
            answer = " ".join(str(proposed.get("answer", "")).split())
            if _is_carried(answer, done.steps):
                done.steps.append(Step("answer", "", answer))
                done.answer = answer
                return done
            done.steps.append(Step("refused", "answer", "Nothing that was looked up carries this answer."))
            continue
        done.steps.append(_act(toolbox, str(proposed.get("tool", "")), proposed.get("arguments") or {}))
    return done


def agree(answers: Sequence[str]) -> str | None:
    """The answer that more than half of several runs gave, by its words' order-free form; None without one."""
    forms = [" ".join(sorted(answer.casefold().split())) for answer in answers]
    best = max(sorted(set(forms)), key=forms.count, default="")
    return answers[forms.index(best)] if best and 2 * forms.count(best) > len(answers) else None


def _act(toolbox: Toolbox, name: str, arguments: dict[str, Any]) -> Step:
    try:
        return Step("tool", name, toolbox.call(name, arguments))
    except ToolRefused as error:
        return Step("refused", name[:60], error.message)


def _seen(steps: Sequence[Step]) -> str:
    return "\n".join(f"{step.kind} {step.name}: {step.detail}" for step in steps) or "nothing yet"


def _is_carried(answer: str, steps: Sequence[Step]) -> bool:
    """What was looked up says so, apart from sentences in it that speak to a machine."""
    looked_up = [_without_orders(step.detail) for step in steps if step.kind == "tool"]
    return any(weigh_support(answer, detail).is_enough for detail in [*looked_up, " ".join(looked_up)])


def _without_orders(text: str) -> str:
    return " ".join(sentence for sentence in _SENTENCE.split(text) if not speaks_to_machine(sentence))
