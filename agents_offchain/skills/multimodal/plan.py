"""Which file of a job is what: the planner looks at bytes, not at names, and picks the skills that can use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.vision.image import sniff_media_type

JSON_OPENS_WITH = b"{"
SEEING = ("detect-objects", "read-text", "classify-picture", "describe-scene", "answer-questions", "compare-texts")


class PartsRefused(Refused):
    """The files of a job do not make a scene."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of one job by what they are; at least one is there.

    Attributes:
        picture, sensor_log: (name as the client's request has it, bytes), or None.
    """

    picture: tuple[str, bytes] | None
    sensor_log: tuple[str, bytes] | None

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the skills to run, in order."""
        return (*(SEEING if self.picture else ()), *(("fuse-sensors",) if self.sensor_log else ()))


def plan(files: Mapping[str, bytes]) -> Parts:
    """Sort the files.

    Args:
        files: Bytes by name, in the order of the request.

    Raises:
        PartsRefused: none, or two of one kind.
        ImageRefused: a file that is neither a picture nor JSON; the message says what it is.
    """
    found: dict[str, tuple[str, bytes]] = {}
    for name, data in files.items():
        kind = "sensor log" if data[:64].lstrip().startswith(JSON_OPENS_WITH) else "picture"
        if kind == "picture":
            sniff_media_type(data)
        if kind in found:
            raise PartsRefused(f"The job has two files that are a {kind}.", mend="Send one of each kind.")
        found[kind] = (name, data)
    if not found:
        raise PartsRefused("The job has no file.", mend="Send a picture, a sensor log, or both.")
    return Parts(found.get("picture"), found.get("sensor log"))
