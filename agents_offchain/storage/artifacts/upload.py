"""Receiving the files of a multipart request while it arrives, without holding a whole file in memory.

In: a request's body in pieces. Out: the stored files as (name, root link). Blocks are stored as soon as they are
complete; the root comes last, so a broken-off upload leaves blocks that nothing points to and no file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from agents_offchain.primitives.errors import Refused
from agents_offchain.storage.artifacts.errors import ArtifactTooLarge
from agents_offchain.storage.artifacts.unixfs import FileTree, Link, Profile, PutBlock

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FILES = 64
MAX_HEADER_BYTES = 8 << 10


class UploadInvalid(Refused):
    """The request's body is not a multipart upload of files."""


class FileWriter:
    """One file on its way into the store."""

    def __init__(self, name: str, put: PutBlock, profile: Profile, max_bytes: int) -> None:
        self.name = name
        self.max_bytes = max_bytes
        self.received_bytes = 0
        self.is_complete = False
        self._tree = FileTree(put, profile)
        self._pending: list[bytes] = []

    def receive(self, piece: bytes) -> None:
        """Take bytes in memory; raises ArtifactTooLarge beyond the limit. `flush` stores them."""
        self.received_bytes += len(piece)
        if self.received_bytes > self.max_bytes:
            raise ArtifactTooLarge(
                f"The file is too large: it has more than the {self.max_bytes:,} bytes allowed.",
                mend="Send a smaller file.",
                limit_bytes=self.max_bytes,
            )
        self._pending.append(piece)

    def flush(self) -> None:
        """Store the blocks that are complete; blocking."""
        pending, self._pending = self._pending, []
        self._tree.extend(pending)

    def finish(self) -> Link:
        """Store the rest and the inner nodes, and return the root; blocking."""
        self.flush()
        return self._tree.finish()


class _Parts:
    """Callbacks of the multipart parser: collects headers, opens a writer per part, feeds it."""

    def __init__(self, new_writer: Callable[[str], FileWriter]) -> None:
        self.writers: list[FileWriter] = []
        self._new_writer = new_writer
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._header_bytes = 0

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self.on_part_begin,
            "on_part_data": self.on_part_data,
            "on_part_end": self.on_part_end,
            "on_header_field": self.on_header_field,
            "on_header_value": self.on_header_value,
            "on_header_end": self.on_header_end,
            "on_headers_finished": self.on_headers_finished,
        }

    def on_part_begin(self) -> None:
        self._headers, self._header_name, self._header_value, self._header_bytes = {}, b"", b"", 0

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += self._counted(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += self._counted(data[start:end])

    def on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def on_headers_finished(self) -> None:
        if self._headers.get(b"content-type", b"").startswith((b"application/x-directory", b"application/symlink")):
            raise UploadInvalid("Only files are stored, not directories or links.", mend="Send the files one by one.")
        if len(self.writers) == MAX_FILES:
            raise UploadInvalid(f"More than {MAX_FILES} files in one request.", mend="Send fewer at a time.")
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = unquote(options.get(b"filename", b"").decode("utf-8", errors="replace"))
        self.writers.append(self._new_writer(name.rsplit("/", 1)[-1][:255]))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.writers[-1].receive(data[start:end])

    def on_part_end(self) -> None:
        self.writers[-1].is_complete = True

    def _counted(self, piece: bytes) -> bytes:
        self._header_bytes += len(piece)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise UploadInvalid("A part's headers are too long.")
        return piece


async def receive_files(request: Request, new_writer: Callable[[str], FileWriter]) -> list[tuple[str, Link]]:
    """Store every file of a multipart request.

    Args:
        request: The body is read once, piece by piece.
        new_writer: Opens the store for one file by its name.

    Returns:
        (name, root) for each file, in the order they came.

    Raises:
        UploadInvalid: not multipart, cut short, no file, a directory, or too many files.
        ArtifactTooLarge: a file is beyond its writer's limit; reading stops there.
        StoreFull, StoreUnavailable: from the store.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise UploadInvalid("file argument 'path' is required: the body is not multipart/form-data.")
    parts = _Parts(new_writer)
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks())
        async for piece in request.stream():
            parser.write(piece)
            if parts.writers:
                await run_in_threadpool(_flush_all, parts.writers)
    except MultipartParseError as error:
        raise UploadInvalid("The body is not a well-formed multipart upload.") from error
    if not parts.writers:
        raise UploadInvalid("file argument 'path' is required.")
    if not all(writer.is_complete for writer in parts.writers):
        raise UploadInvalid("The upload was cut short.", mend="Send it again.")
    return [(writer.name, await run_in_threadpool(writer.finish)) for writer in parts.writers]


def _flush_all(writers: list[FileWriter]) -> None:
    for writer in writers:
        writer.flush()
