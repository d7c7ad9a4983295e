"""What a member has bound itself to, and must remember before anybody hears of it.

Of each kind only the newest vow is kept: rounds only grow, so it is the only one that a later one could contradict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import (
    Commit,
    Prepare,
    Proposal,
    QuorumCertificate,
    Timeout,
    TimeoutCertificate,
    Vote,
    round_of,
    subject_of,
)
from agents_offchain.coordination.errors import VowBroken


@dataclass(frozen=True)
class Vows:
    """One member's memory of one agreement.

    Attributes:
        round: Where it is; `entry` proves it (none for round 0).
        high: The newest certificate of prepare votes it has seen.
        decided: A certificate of commit votes: the end of voting.
    """

    round: int = 0
    entry: TimeoutCertificate | None = None
    high: QuorumCertificate | None = None
    proposal: Proposal | None = None
    prepare: Prepare | None = None
    commit: Commit | None = None
    timeout: Timeout | None = None
    decided: QuorumCertificate | None = None

    def votes(self) -> tuple[Vote, ...]:
        """Every vow to be told to others."""
        return tuple(vote for vote in (self.proposal, self.prepare, self.commit, self.timeout) if vote is not None)


class Journal(Protocol):
    """Where vows survive a crash."""

    async def load(self, question: Question, member: bytes) -> Vows:
        """The vows of a member; empty ones when it made none."""
        ...

    async def keep(self, question: Question, member: bytes, vows: Vows) -> None:
        """Return when the vows are durable.

        Raises:
            VowBroken: they contradict those that are there; nothing was written.
        """
        ...


def require_kept(question: Question, before: Vows, after: Vows) -> None:
    """Check that new vows contradict no older one.

    Raises:
        VowBroken: a round went back, or two statements of one kind and round differ, or a decision changed.
    """
    if after.round < before.round or round_of(after.high) < round_of(before.high):
        raise VowBroken("A member's round or newest certificate went back.")
    newer = {vote.kind: vote for vote in after.votes()}
    for old in before.votes():
        new = newer.get(old.kind)
        if new is None or new.round < old.round:
            raise VowBroken(f"A vow to {old.kind.name.lower()} was forgotten.")
        if new.round == old.round and subject_of(question, new) != subject_of(question, old):
            raise VowBroken(f"Two vows to {old.kind.name.lower()} in round {old.round} differ.")
    if before.decided is not None and (after.decided is None or after.decided.value != before.decided.value):
        raise VowBroken("A decision changed.")
