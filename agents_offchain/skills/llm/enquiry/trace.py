"""What an enquiry leaves behind: every run, look-up and exchange with a model, from which it can be run again.

A replay asks no model, no node and no database: planners get the recorded replies, tools the recorded outputs. It shows
that the answer follows from the evidence by the code that is here now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.enquiry.loop import (
    Limits,
    ModelPlanner,
    Planner,
    Proposal,
    Reasoned,
    Step,
    agree,
    reason,
)
from agents_offchain.skills.llm.enquiry.tools import Tool, Toolbox, ToolRefused
from agents_offchain.skills.llm.replay import Replay

SCHEMA = "aitbc.enquiry/2"
RULES = "rules"


@dataclass(frozen=True, slots=True)
class Enquiry:
    """The outcome: the answer, who planned it, how many runs agreed, and every run."""

    answer: str
    planner: str
    agreeing: int
    runs: tuple[Reasoned, ...]

    @property
    def steps(self) -> list[Step]:
        """Of the run whose answer it is; of the last when rules planned, which they do after any model."""
        chosen = next((run for run in self.runs if run.answer == self.answer), self.runs[-1])
        return self.runs[-1].steps if self.planner == RULES else chosen.steps

    def as_dict(self) -> dict[str, Any]:
        return {
            "answer": self.answer,
            "planner": self.planner,
            "agreeing": self.agreeing,
            "runs": [
                {
                    "answer": run.answer,
                    "ended": run.ended,
                    "steps": [step.as_dict() for step in run.steps],
                    "seconds": run.seconds,
                }
                for run in self.runs
            ],
        }


def enquire(
    question: str,
    tools: Mapping[str, Tool],
    provider: Provider | None,
    rules: Planner,
    limits: Limits,
    votes: int,
    clock_of: Callable[[int], Callable[[], float]] = lambda _run: time.monotonic,
) -> Enquiry:
    """Ask a model to plan, so many times that a majority can be told; when it cannot, plan by rules.

    Args:
        provider: None plans by rules at once.
        votes: Runs of the model; their answers have to agree by more than half.
        clock_of: The clock of each run, counted from 0; the last is the rules'.
    """
    runs: list[Reasoned] = []
    if provider is not None:
        with suppress(Refused, Retryable):  # no model fits, all failed, or the money is gone: rules are at hand
            runs = [
                reason(question, Toolbox("buyer", tools), ModelPlanner(provider, turn), limits, clock_of(turn))
                for turn in range(votes)
            ]
        agreed = agree([run.answer for run in runs])
        if agreed:
            agreeing = sum(agree([agreed, run.answer]) is not None for run in runs)
            return Enquiry(agreed, provider.name, agreeing, tuple(runs))
    ruled = reason(question, Toolbox("buyer", tools), rules, limits, clock_of(len(runs)))
    return Enquiry(ruled.answer, RULES, 1 if ruled.answer else 0, (*runs, ruled))


def write_trace(
    question: str,
    found: Enquiry,
    tools: Mapping[str, Tool],
    limits: Limits,
    *,
    pinned: Mapping[str, Any],
    exchanges: Sequence[Mapping[str, Any]],
) -> bytes:
    """The trace as canonical bytes.

    Args:
        pinned: Chain and block of every read.
        exchanges: With models, as `replay.Recorder` keeps them.
    """
    given = [
        {"name": one.name, "description": one.description, "schema": dict(one.schema), "after": sorted(one.after)}
        for one in tools.values()
    ]
    told = {
        "schema": SCHEMA,
        "question": question,
        "pinned": dict(pinned),
        "limits": {"steps": limits.steps, "seconds": limits.seconds},
        "tools": given,
        "outcome": found.as_dict(),
        "exchanges": list(exchanges),
    }
    return canonical_json(told)


def replay(trace: Mapping[str, Any]) -> Enquiry:
    """The same enquiry once more from its trace alone."""
    recorded = trace["outcome"]
    limits = Limits(int(trace["limits"]["steps"]), float(trace["limits"]["seconds"]))
    model_runs = len(recorded["runs"]) - (recorded["planner"] == RULES)
    steps = [step for run in recorded["runs"] for step in run["steps"]]
    provider = Replay(trace["exchanges"], recorded["planner"]) if model_runs else None
    rules = _Recorded(recorded["runs"][-1]["steps"])

    def clock_of(run: int) -> Callable[[], float]:
        return _recorded_clock(recorded["runs"][run]["seconds"])

    tools = _recorded_tools(trace["tools"], steps)
    return enquire(str(trace["question"]), tools, provider, rules, limits, model_runs, clock_of)


class _Recorded:
    """Proposes what was proposed."""

    name = RULES

    def __init__(self, steps: Sequence[Mapping[str, Any]]) -> None:
        self._steps = steps

    def propose(self, question: str, toolbox: Toolbox, steps: Sequence[Step], left: int) -> Proposal | None:
        if len(steps) >= len(self._steps):
            return None
        step = self._steps[len(steps)]
        return (
            Proposal(answer=step["detail"]) if step["kind"] == "answer" else Proposal(step["name"], step["arguments"])
        )


def _recorded_clock(seconds: Sequence[float]) -> Callable[[], float]:
    """Begins at 0 and says what was read before each step; more steps than were made take no time."""
    readings = chain((0.0, *seconds), repeat(seconds[-1] if seconds else 0.0))
    return lambda: next(readings)


def _recorded_tools(given: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]) -> dict[str, Tool]:
    """The same tools, which know only what they said."""
    said = {(step["name"], canonical_json(step["arguments"])): step for step in steps if step["kind"] != "answer"}

    def recorded(name: str) -> Callable[[Mapping[str, Any]], str]:
        def tell(arguments: Mapping[str, Any]) -> str:
            step = said.get((name, canonical_json(dict(arguments))))
            if step is None:
                raise ToolRefused(f"{name} was not asked this when it was recorded.")
            if step["kind"] == "refused":
                raise ToolRefused(step["detail"])
            return str(step["detail"])

        return tell

    return {
        one["name"]: Tool(
            one["name"], one["description"], one["schema"], recorded(one["name"]), frozenset(one["after"])
        )
        for one in given
    }
