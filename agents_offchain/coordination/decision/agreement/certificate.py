"""The proof of a decision that a stranger can check, off chain here and on chain in `DecisionLedger.certify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.errors import CertificateInvalid
from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import recover_signer
from agents_offchain.primitives.eip712 import Field, domain_separator, type_hash

Recover = Callable[[bytes, bytes], bytes]
"""(digest, 65-byte signature) to the signer's address; raises EnvelopeInvalid."""
DECISION_TYPE = "Decision"
DECISION_FIELDS: tuple[Field, ...] = (("councilId", "bytes32"), ("digest", "bytes32"))
_TOP_BIT = 1 << 255


@dataclass(frozen=True)
class Certificate:
    """A quorum of a question's council sealed `value`.

    Attributes:
        bitmap: Bit i is set if member i signed.
        signatures: 65 bytes each, one for each bit from the lowest.
    """

    question: Question
    value: bytes
    bitmap: int
    signatures: tuple[bytes, ...]

    @property
    def digest(self) -> bytes:
        return self.question.digest_of(self.value)

    def signers(self) -> list[bytes]:
        return [member for place, member in enumerate(self.question.council.members) if self.bitmap >> place & 1]

    def for_ledger(self) -> tuple[Any, ...]:
        """The argument of `DecisionLedger.certify`: digest, members, quorum, signerBitmap, signatures (ERC-2098)."""
        council = self.question.council
        compact = [_compact(signature) for signature in self.signatures]
        return (self.digest, list(council.members), council.quorum, self.bitmap, compact)


def make_certificate(question: Question, value: bytes, seals: Mapping[bytes, bytes]) -> Certificate:
    """The certificate of the first `quorum` seals by place; `seals` maps member to signature."""
    places = sorted(question.council.places[member] for member in seals)[: question.council.quorum]
    bitmap = sum(1 << place for place in places)
    members = question.council.members
    return Certificate(question, value, bitmap, tuple(seals[members[place]] for place in places))


def require_certificate(certificate: Certificate, recover: Recover = recover_signer) -> None:
    """Check everything that `DecisionLedger` checks.

    Raises:
        CertificateInvalid: too few signatures, more or fewer than bits, or one that is not its member's.
    """
    signers = certificate.signers()
    if certificate.bitmap < 0 or certificate.bitmap >> len(certificate.question.council.members):
        raise CertificateInvalid("The certificate names members that the council has not.")
    if len(signers) != len(certificate.signatures) or len(signers) < certificate.question.council.quorum:
        raise CertificateInvalid("The certificate has not one signature for each of a quorum.")
    digest = decision_digest(certificate.question, certificate.digest)
    for member, signature in zip(signers, certificate.signatures, strict=True):
        try:
            signer = recover(digest, signature)
        except EnvelopeInvalid as error:
            raise CertificateInvalid(f"A signature of the certificate is none: {error}") from error
        if signer != member:
            raise CertificateInvalid("A signature of the certificate is not its member's.")


def decision_digest(question: Question, digest: bytes) -> bytes:
    """What a seal signs: `DecisionLedger.decisionDigest(councilId, digest)`."""
    struct = keccak(type_hash(DECISION_TYPE, DECISION_FIELDS) + question.council.council_id + digest)
    return keccak(b"\x19\x01" + domain_separator(question.domain) + struct)


def _compact(signature: bytes) -> tuple[bytes, bytes]:
    """r and yParityAndS of 65 bytes r || s || v."""
    s = int.from_bytes(signature[32:64], "big") | (_TOP_BIT if signature[64] == 28 else 0)
    return signature[:32], s.to_bytes(32, "big")
