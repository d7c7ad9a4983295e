"""What the signer did, line by line, so that a later change cannot go unseen.

    {"n": 7, "at": 1700000000.1, "event": "signed", ..., "prev": <hash of line 6>, "hash": <hash of this line>}

Every line is on disk before what it tells of leaves the process. Its hash covers the line and, by `prev`, all lines
before it: one changed byte, a removed, inserted or reordered line breaks the chain. A head file beside the log holds
the number and hash of the last line, so that a shortened log is seen too.

What this cannot do: somebody who may write both files can cut both, or write a whole new history. Keep the head
elsewhere (`aitbc audit show` prints it, `aitbc audit verify --head` compares), then neither goes unseen.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from agents_offchain.chain.errors import AuditBroken
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.clock import Clock, SystemClock

LOG_FILE, HEAD_FILE = "audit.log", "audit.head"
GENESIS = "0" * 64
_TAIL_BYTES = 1 << 16


@dataclass(frozen=True)
class Head:
    """Number and hash of the last line; 0 and zeros for an empty log."""

    count: int
    digest: str

    def __str__(self) -> str:
        return f"{self.count}:{self.digest}"


EMPTY = Head(0, GENESIS)


def parse_head(text: str) -> Head:
    """A head as `verify` and `show` print it.

    Raises:
        AuditBroken: it is not one.
    """
    count, _, digest = text.strip().partition(":")
    if not count.isdecimal() or len(digest) != 64:
        raise AuditBroken(f"{text[:100]!r} is not the head of an audit log.", mend="It looks like 12:<64 hex digits>.")
    return Head(int(count), digest.lower())


class AuditLog:
    """Appends to the log of one folder; several processes may, one line at a time."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self._log, self._head = folder / LOG_FILE, folder / HEAD_FILE
        self._clock = clock or SystemClock()
        self._last: tuple[int, Head] | None = None

    def append(self, event: str, **facts: Any) -> Head:
        """Write one line; it is on disk when this returns.

        Raises:
            AuditBroken: the log's end cannot be read, or the disk does not take the line.
        """
        try:
            with self._locked() as descriptor:
                head = self._end(descriptor)
                body = {"n": head.count + 1, "at": self._clock.now_seconds(), "event": event, **facts}
                line, digest = _line({**body, "prev": head.digest})
                _write_whole(descriptor, line)
                os.fdatasync(descriptor)
                head = Head(head.count + 1, digest)
                self._last = (os.fstat(descriptor).st_size, head)
                self._write_head(head)
                return head
        except OSError as error:
            raise AuditBroken(
                f"The audit log cannot be written: {error}.", mend="Nothing is signed without it."
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self._log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _end(self, descriptor: int) -> Head:
        """The last whole line. Half a line, left by a power cut, was never acted upon and is dropped.

        Raises:
            AuditBroken: the log is shorter than what was written before.
        """
        size = os.fstat(descriptor).st_size
        if self._last is not None and self._last[0] == size:
            return self._last[1]
        start = max(size - _TAIL_BYTES, 0)
        whole, _, half = os.pread(descriptor, size - start, start).rpartition(b"\n")
        head = _head_of(whole.rpartition(b"\n")[2]) if whole else EMPTY
        for known in (self._last[1] if self._last else None, _read_head(self._log.parent)):
            if known is not None and (known.count > head.count or (known.count == head.count and known != head)):
                raise AuditBroken(
                    f"The audit log ends at line {head.count}; {known.count} were written.",
                    mend="`aitbc audit verify` tells more; move both audit files away to begin a new log.",
                )
        if half:
            os.ftruncate(descriptor, size - len(half))
        return head

    def _write_head(self, head: Head) -> None:
        """In place and without waiting for the disk: after a power cut it may be some lines behind, never ahead."""
        descriptor = os.open(self._head, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, f"{head.count:020d} {head.digest}\n".encode(), 0)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class AuditCheck:
    """What `verify` found: how far the log is whole, and what is wrong (empty: nothing)."""

    head: Head
    lines: int
    trouble: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.trouble


def verify(folder: Path, expected: Head | None = None) -> AuditCheck:
    """Read the log from its first line and compare it with its head file, and with a head kept elsewhere."""
    head, lines, digests = EMPTY, 0, {0: GENESIS}
    anchors = [anchor for anchor in (expected, _read_head(folder)) if anchor is not None]
    wanted = {anchor.count for anchor in anchors}
    for number, (raw, is_whole) in enumerate(_raw_lines(folder / LOG_FILE), 1):
        if not is_whole:
            return AuditCheck(head, lines, f"Line {number} is cut off.")
        trouble = _trouble(raw, head)
        if trouble:
            return AuditCheck(head, lines, f"Line {number} {trouble}.")
        head, lines = _head_of(raw), number
        if number in wanted:
            digests[number] = head.digest
    if lines and not (folder / HEAD_FILE).exists():
        return AuditCheck(head, lines, "The head file is gone.")
    for anchor in anchors:
        if anchor.count > lines:
            return AuditCheck(head, lines, f"The log ends at line {lines}; {anchor.count} were written.")
        if digests.get(anchor.count) != anchor.digest:
            return AuditCheck(head, lines, f"Line {anchor.count} is another one than was written.")
    return AuditCheck(head, lines)


def read_lines(folder: Path, *, last: int | None = None) -> list[dict[str, Any]]:
    """The log's lines as they stand, unchecked; what is not JSON is left out."""
    found = []
    for raw, _ in _raw_lines(folder / LOG_FILE):
        try:
            found.append(orjson.loads(raw))
        except ValueError:
            continue
    lines = [line for line in found if isinstance(line, dict)]
    return lines if last is None else lines[max(len(lines) - last, 0) :]


def _line(body: dict[str, Any]) -> tuple[bytes, str]:
    digest = hashlib.sha256(canonical_json(body)).hexdigest()
    return canonical_json({**body, "hash": digest}) + b"\n", digest


def _trouble(raw: bytes, before: Head) -> str:
    """Why a line cannot follow another; empty when it does."""
    try:
        line = orjson.loads(raw)
        digest = line.pop("hash")
        if _line(line)[0] != raw + b"\n":
            return "was changed"
        if line["prev"] != before.digest or line["n"] != before.count + 1 or not isinstance(digest, str):
            return "does not follow the one before"
    except Exception as error:  # whatever stands there, it is not a line of ours
        return f"is not a line of this log ({type(error).__name__})"
    return ""


def _head_of(raw: bytes) -> Head:
    try:
        line = orjson.loads(raw)
        return Head(int(line["n"]), str(line["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise AuditBroken("The audit log's last line is damaged.", mend="`aitbc audit verify` tells more.") from error


def _read_head(folder: Path) -> Head | None:
    """The head file; one that was tampered with counts as a head that no log has."""
    try:
        count, _, digest = (folder / HEAD_FILE).read_text().strip().partition(" ")
        return Head(int(count), digest)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return Head(0, "unreadable")


def _raw_lines(file: Path) -> Iterator[tuple[bytes, bool]]:
    """Each line without its end, and whether it had one."""
    if not file.exists():
        return
    with file.open("rb") as stream:
        for raw in stream:
            yield raw.removesuffix(b"\n"), raw.endswith(b"\n")


def _write_whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
