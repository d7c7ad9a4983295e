"""What happens when a vote does not decide: steps as data, taken one after another.

A step either settles the matter at once (a draw by a beacon) or says what somebody must do; nobody is asked here.
The draw: each option's ticket is SHA2-256 of beacon, proposal and option, the lowest wins; it favours no name and
nobody can steer it who cannot steer the beacon, which must be fixed after the ballots are (such as the hash of a
block named before the vote).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.primitives.canonical import sha256


@dataclass(frozen=True)
class Revote:
    """Ask the same voters again, among those who are tied."""

    seconds: int


@dataclass(frozen=True)
class AskArbiter:
    """One account (20 bytes) chooses among those who are tied."""

    arbiter: bytes


@dataclass(frozen=True)
class Draw:
    """A public random value that nobody knew before the vote ended decides."""

    beacon_name: str


@dataclass(frozen=True)
class Escalate:
    """Open a poll on `DecisionLedger` about the same question."""

    quorum_bps: int
    threshold_bps: int


TieStep = Revote | AskArbiter | Draw | Escalate


@dataclass(frozen=True)
class Pending:
    """What must be done next, and between whom."""

    step: TieStep
    options: frozenset[str]


def next_step(outcome: Outcome, ladder: Sequence[TieStep], taken: int) -> Pending | None:
    """The step after `taken` ones; None when the vote is decided or failed, or the ladder is at its end."""
    if outcome.status is not Status.TIED or taken >= len(ladder):
        return None
    return Pending(ladder[taken], outcome.leaders)


def settle_by_arbiter(outcome: Outcome, choice: str) -> Outcome:
    """The arbiter's choice; one that is not among the tied leaves the tie."""
    if choice not in outcome.leaders:
        return outcome
    return replace(outcome, status=Status.DECIDED, leaders=frozenset({choice}), reason="Tied; the arbiter chose.")


def settle_by_draw(outcome: Outcome, proposal: bytes, beacon: bytes) -> Outcome:
    """The lowest ticket wins."""
    drawn = min(outcome.leaders, key=lambda option: sha256(sha256(beacon) + proposal + option.encode()))
    return replace(outcome, status=Status.DECIDED, leaders=frozenset({drawn}), reason="Tied; drawn by the beacon.")
