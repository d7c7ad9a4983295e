"""The loop: a planner proposes one step at a time, the toolbox decides what is done, evidence decides what may be said.

Tool output goes back marked off as data. An answer is accepted when what was looked up carries it
(`knowledge.support`), orders to a machine left out; otherwise that step is lost. Several runs may be asked to agree.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents_offchain.skills.knowledge.instructions import speaks_to_machine
from agents_offchain.skills.knowledge.support import weigh_support
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.enquiry.tools import Toolbox, ToolRefused
from agents_offchain.skills.llm.prompts.prompt import load_prompt
from agents_offchain.skills.llm.structured import ask_for_json

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")
MOST_REPEATED = 2
"""More look-ups that were made before than this end a run: it goes round in circles."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use; money is the provider's own hard stop (`storage.spending`)."""

    steps: int = 6
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """The next step: a tool with arguments, or an answer when `tool` is empty."""

    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``tool`` with its output, ``answer`` or ``refused``."""

    kind: str
    name: str
    detail: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "arguments": dict(self.arguments), "detail": self.detail}


class Planner(Protocol):
    """Who proposes steps."""

    @property
    def name(self) -> str: ...

    def propose(self, question: str, toolbox: Toolbox, steps: Sequence[Step], left: int) -> Proposal | None:
        """The next step; None when nothing more can be proposed.

        Raises:
            AitbcError: what a provider says.
        """
        ...


@dataclass(slots=True)
class Reasoned:
    """What came out.

    Attributes:
        answer: Empty when nothing was found that carries one.
        steps: The whole trace.
        ended: Why there is no answer; empty when there is one.
        seconds: Since the run began, read before each step; what a replay takes for its clock.
    """

    answer: str = ""
    steps: list[Step] = field(default_factory=list)
    ended: str = ""
    seconds: list[float] = field(default_factory=list)


class ModelPlanner:
    """A language model proposes; its grammar names the tools that are given now, and what it says beside it is refused.

    Args:
        turn: Which of several runs; the tools are told in another order in each, since at temperature 0 nothing else
            differs.
    """

    def __init__(self, provider: Provider, turn: int = 0) -> None:
        self.name = provider.name
        self._provider, self._turn, self._prompt = provider, turn, load_prompt("reason")

    def propose(self, question: str, toolbox: Toolbox, steps: Sequence[Step], left: int) -> Proposal:
        names = list(toolbox.given())
        turned = names[self._turn % len(names) :] + names[: self._turn % len(names)] if names else []
        grammar = dict(self._prompt.output_schema or {})
        grammar["properties"] = {**grammar["properties"], "tool": {"type": "string", "enum": turned or ["none"]}}
        values: dict[str, str | int] = {
            "tools": toolbox.describe(turned),
            "steps_left": left,
            "question": question,
            "seen": "\n".join(f"{step.kind} {step.name}: {step.detail}" for step in steps) or "nothing yet",
        }
        said = ask_for_json(self._provider, self._prompt, values, grammar=grammar)
        if said["action"] == "answer":
            return Proposal(answer=" ".join(str(said.get("answer", "")).split()))
        return Proposal(str(said.get("tool", "")), said.get("arguments") or {})


def reason(
    question: str,
    toolbox: Toolbox,
    planner: Planner,
    limits: Limits = Limits(),
    now: Callable[[], float] = time.monotonic,
) -> Reasoned:
    """Answer a question by looking things up.

    Args:
        now: Seconds; only differences matter.

    Raises:
        AitbcError: what the planner's provider says.
    """
    done, began_at, repeated = Reasoned(), now(), 0
    for left in range(limits.steps, 0, -1):
        done.seconds.append(round(now() - began_at, 3))
        if done.seconds[-1] >= limits.seconds:
            done.ended = f"The time of {limits.seconds:g} s is used up."
            return done
        proposed = planner.propose(question, toolbox, done.steps, left)
        if proposed is None:
            done.ended = "Nothing more can be looked up for this question."
            return done
        step = _take(proposed, toolbox, done.steps)
        repeated += step.kind == "tool" and step in done.steps
        done.steps.append(step)
        if step.kind == "answer":
            done.answer = step.detail
            return done
        if repeated > MOST_REPEATED:
            break
    done.ended = f"No answer that the evidence carries within {len(done.steps)} steps."
    return done


def agree(answers: Sequence[str]) -> str | None:
    """The answer that more than half of several runs gave, None without one; two are the same that carry each other."""
    counts = [sum(_is_same(one, other) for other in answers) for one in answers]
    best = max(range(len(answers)), key=lambda place: (counts[place], -place), default=None)
    return answers[best] if best is not None and 2 * counts[best] > len(answers) else None


def _is_same(one: str, other: str) -> bool:
    if not one or not other:
        return False
    return sorted(one.casefold().split()) == sorted(other.casefold().split()) or (
        weigh_support(one, other).is_enough and weigh_support(other, one).is_enough
    )


def _take(proposed: Proposal, toolbox: Toolbox, steps: Sequence[Step]) -> Step:
    if not proposed.tool and proposed.answer:
        if _is_carried(proposed.answer, steps):
            return Step("answer", "", proposed.answer)
        return Step("refused", "answer", "Nothing that was looked up carries this answer.")
    try:
        return Step("tool", proposed.tool, toolbox.call(proposed.tool, proposed.arguments), dict(proposed.arguments))
    except ToolRefused as error:
        return Step("refused", proposed.tool[:60], error.message, dict(proposed.arguments))


def _is_carried(answer: str, steps: Sequence[Step]) -> bool:
    """What was looked up says so, apart from sentences in it that speak to a machine."""
    looked_up = [_without_orders(step.detail) for step in steps if step.kind == "tool"]
    return any(weigh_support(answer, detail).is_enough for detail in [*looked_up, " ".join(looked_up)])


def _without_orders(text: str) -> str:
    return " ".join(sentence for sentence in _SENTENCE.split(text) if not speaks_to_machine(sentence))
