"""What can be wrong with a document; each with the sentence a person reads."""

from __future__ import annotations

from agents_offchain.primitives.errors import Refused


class DocumentRefused(Refused):
    """The bytes are not a document whose text can be read."""


class DocumentEmpty(DocumentRefused):
    """There is no text in it."""


class DocumentTooLarge(DocumentRefused):
    """More bytes, pages or text than are read."""


class DocumentDamaged(DocumentRefused):
    """The format is right, the content is truncated or malformed."""


class DocumentLocked(DocumentRefused):
    """It is encrypted."""
