"""Which file of a job is what: the planner looks at bytes, not at names, and picks the skills that can use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.vision.errors import ImageFormatUnsupported, ImageRefused
from agents_offchain.skills.vision.image import sniff_media_type
from agents_offchain.skills.vision.video import is_video

JSON_OPENS_WITH = b"{"
SEEING = ("detect-objects", "read-text", "classify-picture", "describe-scene", "answer-questions", "compare-texts")
SEARCHING = ("search-pictures",)
WATCHING = ("watch-video",)
FUSING = ("fuse-sensors",)
MAX_TEXT_BYTES = 64 << 10
MAX_PICTURES = 8

File: TypeAlias = tuple[str, bytes]
"""Name as the client's request has it, and the bytes."""


class PartsRefused(Refused):
    """The files of a job do not make a scene."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of one job by what they are; of all but pictures at most one.

    Attributes:
        names: Of all files in the order of the request; people count them from 1.
        text: Lines; those that end with a question mark are questions, others captions.
        strangers: Beside several pictures, what is no file of any kind, each with the reason.
    """

    names: tuple[str, ...]
    pictures: tuple[File, ...]
    video: File | None
    sensor_log: File | None
    text: File | None
    strangers: tuple[tuple[str, ImageRefused], ...] = ()

    @property
    def picture(self) -> File | None:
        """The one picture that is looked at; several are searched."""
        return self.pictures[0] if len(self.pictures) == 1 else None

    @property
    def is_search(self) -> bool:
        return len(self.pictures) > 1

    @property
    def files(self) -> tuple[File, ...]:
        """What is used, one kind after the other."""
        return (*self.pictures, *filter(None, (self.video, self.sensor_log, self.text)))

    def steps(self, *, is_camera_used: bool = False) -> tuple[str, ...]:
        """The names of the skills to run, in order; a camera makes of a video a sensor."""
        is_fused = self.sensor_log is not None or (self.video is not None and is_camera_used)
        return (
            *(SEEING if self.picture else ()),
            *(SEARCHING if self.is_search else ()),
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
        PartsRefused: none, two of one kind but pictures, too many pictures, or a text alone.
        ImageRefused: a file that is none of these; the message says what it is. Beside several pictures it is a
            stranger instead, so that one bad file does not cost the search of the others.
    """
    found: dict[str, File] = {}
    pictures: list[File] = []
    strangers: list[tuple[str, ImageRefused]] = []
    for name, data in files.items():
        try:
            kind = _kind_of(data)
        except ImageRefused as refusal:
            strangers.append((name, refusal))
            continue
        if kind == "picture":
            pictures.append((name, data))
        elif kind in found:
            raise PartsRefused(f"The job has two files that are a {kind}.", mend="Send one of each kind.")
        else:
            found[kind] = (name, data)
    _require_some_to_look_at(files, pictures, found, strangers)
    kinds = found.get("video"), found.get("sensor log"), found.get("text")
    return Parts(tuple(files), tuple(pictures), *kinds, tuple(strangers))


def _require_some_to_look_at(
    files: Mapping[str, bytes],
    pictures: Sequence[File],
    found: Mapping[str, File],
    strangers: Sequence[tuple[str, ImageRefused]],
) -> None:
    if len(pictures) > MAX_PICTURES:
        raise PartsRefused(
            f"The job has {len(pictures)} pictures; {MAX_PICTURES} are searched. The first too many is "
            f"{pictures[MAX_PICTURES][0]}.",
            mend="Send them as several jobs.",
        )
    if strangers and len(pictures) < 2:
        raise strangers[0][1] if len(files) == 1 else named(*strangers[0], tuple(files))
    if not pictures and not set(found) - {"text"}:
        raise PartsRefused(
            "The job has no file to look at.", mend="Send pictures, a video, a sensor log, or several of them."
        )


def named(name: str, refusal: ImageRefused, names: Sequence[str]) -> ImageRefused:
    """A refusal that says which of several files it is about."""
    message = f"File {names.index(name) + 1} of the job, {name}: {refusal.message}"
    return type(refusal)(message, mend=refusal.mend, **refusal.fields)


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
