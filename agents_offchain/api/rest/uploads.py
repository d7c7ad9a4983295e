"""What an uploaded file is, from its bytes alone: a picture, a video or a document that some skill works on."""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.api.rest.errors import PictureRefused
from agents_offchain.api.rest.pictures import KINDS, probe_picture, sniff_media_type
from agents_offchain.skills.knowledge.source import sniff_document
from agents_offchain.skills.vision.containers import KINDS as VIDEO_KINDS
from agents_offchain.skills.vision.containers import sniff_video

MEND = f"Send {KINDS}, a PDF, text, or a video ({VIDEO_KINDS})."


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be stored; `kind` is ``picture``, ``video`` or ``document``."""

    kind: str
    media_type: str


def probe_upload(data: bytes, max_pixels: int) -> Upload:
    """Look at the outside of a file.

    Raises:
        PictureDamaged: empty, or a picture that is cut short or too large.
        PictureRefused: neither picture nor video nor document.
    """
    video = sniff_video(data)
    if video is not None:
        return Upload("video", video)
    if data and sniff_media_type(data) is None:
        document = sniff_document(data)
        if document is None:
            raise PictureRefused("The file is not one that can be worked on.", mend=MEND)
        return Upload("document", document)
    return Upload("picture", probe_picture(data, max_pixels).media_type)


def media_type_of(data: bytes) -> str | None:
    """Media type by content; None for what no skill works on."""
    return sniff_media_type(data) or sniff_video(data) or sniff_document(data)
