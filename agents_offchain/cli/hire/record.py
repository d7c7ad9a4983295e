"""What a request id stands for: written before anything is paid, so that the same id means the same job for good."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.documents import MAX_ATTACHMENTS
from agents_offchain.skills.vision.containers import sniff_video

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"RIFF", "image/webp"))


class InputUnusable(Refused):
    """There is nothing that an agent could work on."""


class RequestDiffers(Refused):
    """The request id belongs to another request."""


@dataclass(frozen=True)
class Input:
    """The bytes that the agent gets."""

    data: bytes
    media_type: str

    @property
    def sha256_hex(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class HireRecord:
    """One request: what is asked of whom, and what it may cost.

    Attributes:
        details_sha256: Of attachments and settings.
        generation: Of the contracts in which listing and job are.
        service: What the listing offers; empty in records of earlier releases.
    """

    request_id: str
    key: str
    listing_id: int
    price: int
    input_sha256: str
    note: str
    request_cid: str
    details_sha256: str = ""
    generation: int = 1
    service: str = ""


def read_input(file: Path | None, text: str | None, max_bytes: int) -> Input:
    """The input from a file or from words.

    Raises:
        InputUnusable: neither or both are given, or the file cannot be read, is empty or too large.
    """
    if (file is None) == (text is None):
        raise InputUnusable("Give the agent one input.", mend="Say --file FILE or --text WORDS.")
    if text is not None:
        data, media_type = text.encode(), "text/plain"
    else:
        assert file is not None
        try:
            data = file.read_bytes()
        except OSError as error:
            raise InputUnusable(f"{file} cannot be read: {error.strerror}.", mend="Name another file.") from error
        media_type = _media_type(file, data)
    if not data or len(data) > max_bytes:
        raise InputUnusable(f"The input has {len(data)} bytes; 1 to {max_bytes} are taken.", mend="Give another one.")
    return Input(data, media_type)


@dataclass(frozen=True)
class Details:
    """What a service is told besides its input."""

    attachments: tuple[Input, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def sha256_hex(self) -> str:
        """Empty for no details at all."""
        if not self.attachments and not self.settings:
            return ""
        parts = [[given.sha256_hex, given.media_type] for given in self.attachments]
        return hashlib.sha256(json.dumps([parts, self.settings], sort_keys=True).encode()).hexdigest()


def read_details(files: Sequence[Path], words: Sequence[str], max_bytes: int) -> Details:
    """Attachments, and settings written as NAME=VALUE, where a value that is JSON means that.

    Raises:
        InputUnusable: a file cannot be read or is one too many, or a setting has no name.
    """
    if len(files) > MAX_ATTACHMENTS:
        raise InputUnusable(
            f"{files[MAX_ATTACHMENTS]} is one file too many: a job takes {MAX_ATTACHMENTS} beside its input.",
            mend="Send the rest as another job.",
        )
    settings: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise InputUnusable(f"The setting {word[:60]!r} is none.", mend="Write it as NAME=VALUE.")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return Details(tuple(read_input(file, None, max_bytes) for file in files), settings)


def new_request_id() -> str:
    return f"r-{secrets.token_hex(6)}"


def require_request_id(text: str) -> str:
    if REQUEST_ID.fullmatch(text) is None:
        raise RequestDiffers(f"{text[:70]!r} is no request id.", mend="Use letters, digits, dots and dashes.")
    return text


def load_record(settings: Settings, request_id: str) -> HireRecord | None:
    try:
        return HireRecord(**json.loads(_file(settings, request_id).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def save_record(settings: Settings, record: HireRecord) -> None:
    """On disk, whole, before anything is paid."""
    file = _file(settings, record.request_id)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.new")
    with draft.open("w") as stream:
        json.dump(asdict(record), stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def require_same(record: HireRecord, given: Input, details: Details, key: str, note: str) -> None:
    """Raises RequestDiffers when a request id is used again for something else."""
    held = (record.input_sha256, record.details_sha256, record.key, record.note)
    if held != (given.sha256_hex, details.sha256_hex, key, note):
        raise RequestDiffers(
            f"The request {record.request_id} was made for another input, setting, key or note.",
            mend="Repeat it as it was, or take another --request-id.",
        )


def require_newest(record: HireRecord, newest: int) -> None:
    """Raises RequestDiffers when a request that was never paid is of contracts that the market has left."""
    if record.generation != newest:
        raise RequestDiffers(
            f"The request {record.request_id} was made before the market moved to new contracts, and never paid.",
            mend="Hire with another --request-id.",
        )


def result_folder(settings: Settings, generation: int, job_id: int) -> Path:
    """Where a job's result goes: a number means another job in each generation of contracts."""
    name = f"job-{job_id}" if generation == 1 else f"job-{generation}-{job_id}"
    return settings.home / "results" / name


def _file(settings: Settings, request_id: str) -> Path:
    return settings.home / "hires" / f"{request_id}.json"


def _media_type(file: Path, data: bytes) -> str:
    video = sniff_video(data)
    if video is not None:
        return video
    for magic, media_type in _MAGIC:
        if data.startswith(magic):
            return media_type
    guessed, _ = mimetypes.guess_type(file.name)
    return guessed or "application/octet-stream"
