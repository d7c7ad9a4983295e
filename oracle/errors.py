"""Why a verdict cannot be made, or must not be."""

from __future__ import annotations

from agents_offchain.primitives.errors import Contested, Refused, Retryable


class EvidenceUnavailable(Retryable):
    """A document or an input is on no store that answers; it may still come."""


class CheckImpossible(Refused):
    """This reporter cannot check this job and stays silent; silence never costs the performer."""


class VerdictConflict(Contested):
    """A second, different verdict for the same submission was about to be signed or was seen signed."""


class CaseChanged(Retryable):
    """The chain, or another process, changed the case while it was worked on; look again."""
