"""What can go wrong with an artifact, in the words of the person who waits for it."""

from __future__ import annotations

from agents_offchain.primitives.errors import Contested, Fatal, Refused, Retryable


class StoreUnavailable(Retryable):
    """The artifact store does not answer, or answers that it cannot now."""


class StoreFull(Retryable):
    """The disk of the artifact store has no room; nothing of the new artifact counts as stored."""


class ArtifactNotFound(Retryable):
    """No block with this CID is at hand; another node may still have it."""


class CidInvalid(Refused):
    """A text is not a CID that this product uses."""


class ArtifactTooLarge(Refused):
    """The artifact has more bytes than the reader or the store allows."""


class ArtifactMalformed(Refused):
    """The blocks are what their CIDs say, and still no file: not UnixFS, a directory, or sizes that contradict."""


class ArtifactCorrupted(Contested):
    """Bytes were served for a CID that they do not hash to."""


class StoreInUse(Fatal):
    """Another process already serves this folder."""
