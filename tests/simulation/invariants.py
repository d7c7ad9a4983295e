"""What must hold on every day, checked while it goes on. Numbers as in docs/coordination.md."""

from __future__ import annotations

from agents_offchain.coordination.decision.agreement.certificate import Certificate, require_certificate
from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import (
    Certified,
    Commit,
    Kind,
    Message,
    Prepare,
    Proposal,
    QuorumCertificate,
    Seal,
    Timeout,
    Vote,
    subject_of,
)
from agents_offchain.coordination.decision.agreement.replica import Step
from tests.simulation.signatures import recover


class Watch:
    """Sees everything that is signed and decided.

    Args:
        honest: Members that follow the protocol.
        allowed: Values that may be decided.
    """

    def __init__(self, question: Question, honest: frozenset[bytes], allowed: frozenset[bytes]) -> None:
        self._question = question
        self._honest = honest
        self._allowed = allowed
        self._said: dict[tuple[bytes, Kind, int], bytes] = {}
        self._given_up: dict[bytes, int] = {}
        self._quorums: dict[tuple[Kind, int], bytes] = {}
        self._decision: bytes | None = None
        self.certificates: dict[bytes, Certificate] = {}

    def on_signed(self, vote: Vote) -> None:
        """A signature leaves a member."""
        self._see_certificates(vote)
        if vote.sender not in self._honest:
            return
        key, subject = (vote.sender, vote.kind, vote.round), subject_of(self._question, vote)
        is_new = key not in self._said
        assert self._said.setdefault(key, subject) == subject, f"INV-AGR-03: two {vote.kind.name} of one round"
        if isinstance(vote, Prepare | Commit) and is_new:
            given_up = self._given_up.get(vote.sender, -1)
            assert vote.round > given_up, f"INV-AGR-04: a vote in round {vote.round}, given up at {given_up}"
        if isinstance(vote, Timeout):
            self._given_up[vote.sender] = max(vote.round, self._given_up.get(vote.sender, -1))

    def on_step(self, member: bytes, step: Step) -> None:
        """An honest member has taken an event in."""
        for lie in step.evidence:
            assert lie[0].sender == lie[1].sender, "INV-AGR-08: evidence is about one member"
            assert lie[0].sender not in self._honest, "INV-AGR-08: evidence names an honest member"
        decided, certificate = step.replica.vows.decided, step.replica.certificate
        for value in (decided and decided.value, certificate and certificate.value):
            if value is None:
                continue
            assert value in self._allowed, "INV-AGR-02: a value that nobody may decide"
            self._decision = self._decision or value
            assert value == self._decision, "INV-AGR-01: two honest members decided differently"
        if certificate is not None and self.certificates.get(member) is not certificate:
            require_certificate(certificate, recover)  # INV-AGR-06
            self.certificates[member] = certificate

    def _see_certificates(self, message: Message) -> None:
        if isinstance(message, Commit | Seal):
            self._see_quorum(message.proof)
        elif isinstance(message, Timeout):
            self._see_quorum(message.high)
        elif isinstance(message, Proposal) and message.entry is not None:
            self._see_quorum(message.entry.high)
        elif isinstance(message, Certified):
            self.certificates.setdefault(b"anybody", message.certificate)

    def _see_quorum(self, quorum: QuorumCertificate | None) -> None:
        if quorum is not None:
            held = self._quorums.setdefault((quorum.kind, quorum.round), quorum.value)
            assert held == quorum.value, "INV-AGR-05: two values have a quorum in one round"
