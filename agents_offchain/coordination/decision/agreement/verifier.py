"""Whether a message is true to its form: from a member, signed by it, justified by what it carries.

Everything that `replica` relies on is checked here, so that it need not doubt. What costs is the recovery of signers;
each signature is recovered once and remembered, so a certificate made of votes that were heard costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from agents_offchain.coordination.decision.agreement.certificate import Recover, require_certificate
from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import (
    MAX_ROUND,
    MAX_VALUE_BYTES,
    Certified,
    Commit,
    Kind,
    Message,
    Proposal,
    QuorumCertificate,
    Seal,
    Timeout,
    TimeoutCertificate,
    round_of,
    signing_digest,
    subject_of,
    timeout_subject,
)
from agents_offchain.coordination.errors import CertificateInvalid, StatementInvalid
from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import recover_signer


class Verifier:
    """Checks messages about one question.

    Args:
        remembered: Signatures kept, newest first.
    """

    def __init__(self, question: Question, recover: Recover = recover_signer, *, remembered: int = 8192) -> None:
        self._question = question
        self._recover = lru_cache(maxsize=remembered)(recover)

    def require(self, message: Message) -> None:
        """Check a message from anybody.

        Raises:
            StatementInvalid: say why; the message must not reach a replica.
        """
        if isinstance(message, Certified):
            self._require_certified(message)
            return
        _ensure(0 <= message.round <= MAX_ROUND, "The round is out of range.")
        if not isinstance(message, Timeout):
            _ensure(0 < len(message.value) <= MAX_VALUE_BYTES, "The value is empty or too large.")
        # The sender first: what strangers attach is not worth checking.
        subject = subject_of(self._question, message)
        self._require_signer(message.sender, self._digest(message.kind, message.round, subject), message.signature)
        if isinstance(message, Proposal):
            _ensure(message.sender == self._question.leader_of(message.round), "The proposer does not lead the round.")
            self._require_entry(message.round, message.entry)
        elif isinstance(message, Commit):
            _ensure(message.proof.round == message.round, "The proof of a commit vote is of another round.")
            self._require_quorum(message.proof, Kind.PREPARE)
        elif isinstance(message, Timeout):
            self._require_high(message.high)
            self._require_entry(message.round, message.entry)
        elif isinstance(message, Seal):
            self._require_quorum(message.proof, Kind.COMMIT)

    def _require_certified(self, message: Certified) -> None:
        _ensure(message.certificate.question == self._question, "The certificate answers another question.")
        _ensure(0 < len(message.certificate.value) <= MAX_VALUE_BYTES, "The value is empty or too large.")
        try:
            require_certificate(message.certificate, self._recover)
        except CertificateInvalid as error:
            raise StatementInvalid(str(error)) from error

    def _require_entry(self, round_number: int, entry: TimeoutCertificate | None) -> None:
        """A round but the first is entered by a quorum of timeouts of the one before."""
        if round_number == 0 or entry is None:
            _ensure(round_number == 0 and entry is None, "A round needs the timeouts of the one before.")
            return
        _ensure(entry.round == round_number - 1, "The timeouts are of another round.")
        self._require_quorum_of_places([place for place, _, _ in entry.signatures])
        _ensure(
            max(high_round for _, high_round, _ in entry.signatures) == round_of(entry.high),
            "The timeouts name another certificate than they carry.",
        )
        for place, high_round, signature in entry.signatures:
            _ensure(-1 <= high_round <= MAX_ROUND, "The round is out of range.")
            member = self._question.council.members[place]
            digest = self._digest(Kind.TIMEOUT, entry.round, timeout_subject(high_round))
            self._require_signer(member, digest, signature)
        self._require_high(entry.high)

    def _require_high(self, high: QuorumCertificate | None) -> None:
        if high is not None:
            self._require_quorum(high, Kind.PREPARE)

    def _require_quorum(self, proof: QuorumCertificate, kind: Kind) -> None:
        _ensure(proof.kind is kind and 0 <= proof.round <= MAX_ROUND, "The certificate is of another kind.")
        _ensure(0 < len(proof.value) <= MAX_VALUE_BYTES, "The value is empty or too large.")
        self._require_quorum_of_places([place for place, _ in proof.signatures])
        digest = self._digest(kind, proof.round, self._question.digest_of(proof.value))
        for place, signature in proof.signatures:
            self._require_signer(self._question.council.members[place], digest, signature)

    def _require_quorum_of_places(self, places: Sequence[int]) -> None:
        council = self._question.council
        is_ascending = all(one < other for one, other in pairwise((-1, *places, len(council.members))))
        _ensure(
            len(places) >= council.quorum and is_ascending,
            "The certificate does not name a quorum of members in order.",
        )

    def _digest(self, kind: Kind, round_number: int, subject: bytes) -> bytes:
        return signing_digest(self._question, kind, round_number, subject)

    def _require_signer(self, member: bytes, digest: bytes, signature: bytes) -> None:
        _ensure(member in self._question.council.places, "The sender is not a member.")
        try:
            signer = self._recover(digest, signature)
        except EnvelopeInvalid as error:
            raise StatementInvalid(f"The message is not signed: {error}") from error
        _ensure(signer == member, "The message is not signed by its sender.")


def _ensure(is_true: bool, otherwise: str) -> None:
    if not is_true:
        raise StatementInvalid(otherwise)
