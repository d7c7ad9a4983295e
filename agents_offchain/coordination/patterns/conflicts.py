"""When agents disagree: who has a task that two claim, and which of several results is taken.

Results are compared by what they say (SHA2-256 of their canonical JSON). A ladder of steps is taken until one settles
the matter: a vote among those who answered, one more opinion, an arbiter, a draw by a beacon, and at last the vote on
chain (`DecisionLedger.openPoll`), which is proposed and not sent from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.coordination.decision.ties import (
    AskArbiter,
    Draw,
    Escalate,
    Pending,
    TieStep,
    next_step,
    settle_by_arbiter,
    settle_by_draw,
)
from agents_offchain.coordination.errors import RuleMisused
from agents_offchain.primitives.canonical import canonical_json, sha256


@dataclass(frozen=True)
class Opinion:
    """What one agent says the result is; `weight` is a whole number above 0."""

    agent: str
    value: Any
    weight: int = 1

    @property
    def option(self) -> str:
        """Names the value; equal values have equal names."""
        return sha256(canonical_json(self.value)).hex()


@dataclass(frozen=True)
class Verdict:
    """How a difference ended. `value` counts only when `is_settled`; `dissenters` said something else."""

    is_settled: bool
    value: Any
    reason: str
    dissenters: tuple[str, ...]
    pending: Pending | None = None


def claim_winner(task: bytes, claimants: Sequence[str]) -> str:
    """Who has a task that several claim: the lowest hash of task and name. Everybody finds the same one, and nobody can
    choose to be it without choosing another task.

    Raises:
        RuleMisused: nobody claims it.
    """
    if not claimants:
        raise RuleMisused("Nobody claims this task.")
    return min(claimants, key=lambda name: sha256(task + name.encode()))


def vote(opinions: Sequence[Opinion], needed_bps: int = 5_001) -> Outcome:
    """The value with at least `needed_bps` of the weight of those who answered; tied when none has.

    Raises:
        RuleMisused: nobody answered, or less than half is asked for.
    """
    if not opinions or not 5_000 < needed_bps <= 10_000:
        raise RuleMisused("A vote on results needs at least one opinion and more than half of them.")
    tally: dict[str, int] = {}
    for opinion in opinions:
        tally[opinion.option] = tally.get(opinion.option, 0) + opinion.weight
    total = sum(tally.values())
    winners = frozenset(option for option, weight in tally.items() if weight * 10_000 >= needed_bps * total)
    if winners:
        return Outcome(Status.DECIDED, winners, tally, f"{tally[min(winners)]} of {total} agree.")
    return Outcome(Status.TIED, frozenset(tally), tally, f"None of {len(tally)} results has enough of {total}.")


def settle(
    opinions: Sequence[Opinion],
    *,
    ladder: Sequence[TieStep] = (),
    taken: int = 0,
    arbiter_says: Any = None,
    beacon: bytes = b"",
    task: bytes = b"",
    needed_bps: int = 5_001,
) -> Verdict:
    """Vote, then take the ladder's step `taken`; pure, so it can be called again with what the step brought.

    Args:
        arbiter_says: The value that the arbiter chose, once `AskArbiter` was pending.
        beacon: The public random bytes, once `Draw` was pending.
    """
    outcome = vote(opinions, needed_bps)
    pending = next_step(outcome, ladder, taken)
    if pending is not None:
        outcome = _settled_by_step(outcome, pending, arbiter_says, beacon, task)
    by_option = {opinion.option: opinion.value for opinion in opinions}
    winner = outcome.winner
    if winner is None:
        return Verdict(False, None, outcome.reason, (), pending)
    dissenters = tuple(opinion.agent for opinion in opinions if opinion.option != winner)
    return Verdict(True, by_option[winner], outcome.reason, dissenters)


def escalation(verdict: Verdict, task: bytes) -> Mapping[str, Any] | None:
    """The terms of the poll on chain when that is the pending step: subject, quorum and threshold in bps."""
    if verdict.pending is None or not isinstance(verdict.pending.step, Escalate):
        return None
    options = canonical_json(sorted(verdict.pending.options))
    step = verdict.pending.step
    return {
        "subject": sha256(task + options),
        "quorum_bps": step.quorum_bps,
        "threshold_bps": step.threshold_bps,
        "options": sorted(verdict.pending.options),
    }


def _settled_by_step(outcome: Outcome, pending: Pending, arbiter_says: Any, beacon: bytes, task: bytes) -> Outcome:
    if isinstance(pending.step, AskArbiter) and arbiter_says is not None:
        return settle_by_arbiter(outcome, sha256(canonical_json(arbiter_says)).hex())
    if isinstance(pending.step, Draw) and beacon:
        return settle_by_draw(outcome, sha256(task), beacon)
    return replace(outcome, reason=f"{outcome.reason} Next: {type(pending.step).__name__}.")
