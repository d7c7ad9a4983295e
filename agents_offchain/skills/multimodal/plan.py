"""Which file of a job is what: the planner looks at bytes, not at names, and picks the skills that can use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.vision.errors import ImageFormatUnsupported
from agents_offchain.skills.vision.image import sniff_media_type
from agents_offchain.skills.vision.video import is_video

JSON_OPENS_WITH = b"{"
SEEING = ("detect-objects", "read-text", "classify-picture", "describe-scene", "answer-questions", "compare-texts")
WATCHING = ("watch-video",)
FUSING = ("fuse-sensors",)
MAX_TEXT_BYTES = 64 << 10

File: TypeAlias = tuple[str, bytes]
"""Name as the client's request has it, and the bytes."""


class PartsRefused(Refused):
    """The files of a job do not make a scene."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of one job by what they are, each or None.

    Attributes:
        text: Lines; those that end with a question mark are questions, others captions.
    """

    picture: File | None
    video: File | None
    sensor_log: File | None
    text: File | None

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(filter(None, (self.picture, self.video, self.sensor_log, self.text)))

    def steps(self, *, is_camera_used: bool = False) -> tuple[str, ...]:
        """The names of the skills to run, in order; a camera makes of a video a sensor."""
        is_fused = self.sensor_log is not None or (self.video is not None and is_camera_used)
        return (
            *(SEEING if self.picture else ()),
            *(WATCHING if self.video else ()),
            *(FUSING if is_fused else ()),
        )

    def lines(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Questions and captions of the text file."""
        given = self.text[1].decode() if self.text else ""
        lines = [line.strip() for line in given.splitlines() if line.strip()]
        return tuple(line for line in lines if line.endswith("?")), tuple(line for line in lines if line[-1] != "?")


def plan(files: Mapping[str, bytes]) -> Parts:
    """Sort the files.

    Args:
        files: Bytes by name, in the order of the request.

    Raises:
        PartsRefused: none, two of one kind, or a text alone.
        ImageRefused: a file that is none of these; the message says what it is.
    """
    found: dict[str, File] = {}
    for name, data in files.items():
        kind = _kind_of(data)
        if kind in found:
            raise PartsRefused(f"The job has two files that are a {kind}.", mend="Send one of each kind.")
        found[kind] = (name, data)
    if not set(found) - {"text"}:
        raise PartsRefused(
            "The job has no file to look at.", mend="Send a picture, a video, a sensor log, or several of them."
        )
    return Parts(found.get("picture"), found.get("video"), found.get("sensor log"), found.get("text"))


def _kind_of(data: bytes) -> str:
    if data[:64].lstrip().startswith(JSON_OPENS_WITH):
        return "sensor log"
    if is_video(data):
        return "video"
    try:
        sniff_media_type(data)
    except ImageFormatUnsupported:
        if not _is_plain_text(data):
            raise
        return "text"
    return "picture"


def _is_plain_text(data: bytes) -> bool:
    if len(data) > MAX_TEXT_BYTES or data[:1] in b"<%":
        return False
    try:
        words = data.decode()
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in words)
