"""What this API refuses, each with the HTTP status that says it best."""

from __future__ import annotations

from typing import ClassVar

from agents_offchain.primitives.errors import Refused, Retryable


class HttpRefused(Refused):
    """A request that is refused with a status of its own."""

    status: ClassVar[int] = 422


class NotFound(HttpRefused):
    """Nothing has this id."""

    status = 404


class CursorInvalid(HttpRefused):
    """A page cursor that this API did not give out, or that belongs to another order."""

    status = 400


class ForeignOrigin(HttpRefused):
    """A page of another site tries to write through a visitor's browser."""

    status = 403


class BodyTooLarge(HttpRefused):
    """More bytes than are taken."""

    status = 413


class PictureRefused(HttpRefused):
    """The bytes are not a picture that can be inspected."""

    status = 415


class PictureDamaged(HttpRefused):
    """A picture of a known format that is empty, cut short or far too large."""


class RequestRefused(HttpRefused):
    """A request document that no agent could carry out."""


class FormInvalid(HttpRefused):
    """The form cannot be read."""

    status = 400


class QuotaSpent(Retryable):
    """A client address has stored, or opened, as much as it may for now."""

    status: ClassVar[int] = 429


class IndexBehind(Retryable):
    """The read tables have not reached something that an answer needs."""
