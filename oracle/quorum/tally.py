"""Count signed verdicts on one submission: who agrees with whom, and is it enough."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from agents_offchain.primitives.eip712 import VerdictMessage
from oracle.quorum.verdict import SignedVerdict


@dataclass(frozen=True)
class Submission:
    """What verdicts must be about: the escrow's numbers and the reporters' signer set."""

    job_id: int
    submitted_at: int
    deliverable: bytes
    epoch: int


@dataclass(frozen=True)
class Tally:
    """The outcome of counting.

    Attributes:
        winner: What the quorum signed; None while there is no quorum.
        signed: The winner's signatures, ascending by signer, as the contract wants them.
        is_contested: Reporters in good standing signed different verdicts.
        equivocators: Reporters that signed two; none of theirs counts.
    """

    winner: VerdictMessage | None
    signed: tuple[SignedVerdict, ...]
    is_contested: bool
    equivocators: frozenset[bytes]


def tally(
    signed: Iterable[SignedVerdict],
    submission: Submission,
    reporters: Collection[bytes],
    quorum: int,
    distrusted: Collection[bytes] = (),
) -> Tally:
    """Find the verdict that at least `quorum` distinct reporters signed.

    Signatures must have been verified. Verdicts on another submission or epoch and signers outside the set
    count for nothing. With quorum > n/2 at most one verdict can win.

    Args:
        distrusted: Reporters known to have signed two verdicts on this submission.
    """
    first: dict[bytes, SignedVerdict] = {}
    equivocators: set[bytes] = set(distrusted)
    for entry in signed:
        if entry.signer not in reporters or not _is_about(entry.verdict, submission):
            continue
        held = first.setdefault(entry.signer, entry)
        if held.verdict != entry.verdict:
            equivocators.add(entry.signer)
    groups: dict[VerdictMessage, list[SignedVerdict]] = {}
    for entry in first.values():
        if entry.signer not in equivocators:
            groups.setdefault(entry.verdict, []).append(entry)
    winner = next((verdict for verdict, group in groups.items() if len(group) >= quorum), None)
    ordered = sorted(groups[winner], key=lambda entry: entry.signer) if winner is not None else []
    return Tally(winner, tuple(ordered), len(groups) > 1, frozenset(equivocators))


def _is_about(verdict: VerdictMessage, submission: Submission) -> bool:
    return (verdict.job_id, verdict.submitted_at, verdict.deliverable, verdict.epoch) == (
        submission.job_id,
        submission.submitted_at,
        submission.deliverable,
        submission.epoch,
    )
