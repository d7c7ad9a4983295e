"""Where blocks lie: one file per block in sharded folders, or a dictionary for tests.

In: the bytes of a block. Out: the same bytes by their digest, checked at every read. A block counts as stored when
`put` returns: it is then on disk under its final name. Two writers of one block write the same bytes. Nothing is ever
deleted here.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactNotFound,
    ArtifactTooLarge,
    StoreFull,
    StoreInUse,
    StoreUnavailable,
)

MAX_BLOCK_BYTES = 2 << 20
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BlockStore(Protocol):
    """Blocks by sha2-256 digest (32 bytes)."""

    def put(self, block: bytes) -> bytes:
        """Store a block durably and return its digest.

        Raises:
            ArtifactTooLarge: more than 2 MiB.
            StoreFull: no room; the block is not stored.
            StoreUnavailable: the disk refuses for another reason.
        """
        ...

    def get(self, digest: bytes) -> bytes:
        """Return the block.

        Raises:
            ArtifactNotFound: no such block.
            ArtifactCorrupted: what lies there has another digest.
            StoreUnavailable: the disk cannot be read.
        """
        ...

    def has(self, digest: bytes) -> bool: ...

    def size_bytes(self, digest: bytes) -> int:
        """Length of the block as stored; raises ArtifactNotFound."""
        ...

    def usage(self) -> tuple[int, int]:
        """(number of blocks, their bytes)."""
        ...


def require_block_size(block: bytes) -> None:
    if len(block) > MAX_BLOCK_BYTES:
        raise ArtifactTooLarge(
            f"A block has {len(block):,} bytes; at most {MAX_BLOCK_BYTES:,} are stored as one.",
            mend="Add it as a file, which is cut into blocks.",
            size_bytes=len(block),
        )


def _absent(digest: bytes) -> ArtifactNotFound:
    return ArtifactNotFound(f"No block with the digest {digest.hex()[:16]}... is stored here.", digest=digest.hex())


class MemoryBlockStore:
    """Blocks in a dictionary; same behaviour, nothing durable."""

    def __init__(self) -> None:
        self.digest_to_block: dict[bytes, bytes] = {}

    def put(self, block: bytes) -> bytes:
        require_block_size(block)
        digest = hashlib.sha256(block).digest()
        self.digest_to_block[digest] = bytes(block)
        return digest

    def get(self, digest: bytes) -> bytes:
        if digest not in self.digest_to_block:
            raise _absent(digest)
        block = self.digest_to_block[digest]
        _require_digest(block, digest)
        return block

    def has(self, digest: bytes) -> bool:
        return digest in self.digest_to_block

    def size_bytes(self, digest: bytes) -> int:
        if digest not in self.digest_to_block:
            raise _absent(digest)
        return len(self.digest_to_block[digest])

    def usage(self) -> tuple[int, int]:
        return len(self.digest_to_block), sum(map(len, self.digest_to_block.values()))


class FileBlockStore:
    """Blocks as files ``blocks/<shard>/<name>.data`` below a root; `open_exclusively` keeps a second server out."""

    def __init__(self, root: Path) -> None:
        """Create the folders below ``root`` if they are not there.

        Raises:
            StoreFull, StoreUnavailable: the folders cannot be made.
        """
        self.root = root
        self.blocks = root / "blocks"
        self.incoming = root / "incoming"
        self._lock: IO[str] | None = None
        with disk_errors():
            self.blocks.mkdir(parents=True, exist_ok=True)
            self.incoming.mkdir(exist_ok=True)

    def open_exclusively(self) -> None:
        """Hold the folder for this process and sweep what a killed one left half written.

        Raises:
            StoreInUse: another process holds it.
        """
        with disk_errors():
            lock = (self.root / "lock").open("w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StoreInUse(
                f"Another process already serves the artifacts in {self.root}.",
                mend="Stop it with `aitbc down`, or give this one another folder.",
            ) from error
        self._lock = lock
        for leftover in self.incoming.iterdir():
            leftover.unlink(missing_ok=True)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def path_of(self, digest: bytes) -> Path:
        name = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
        return self.blocks / name[-3:-1] / f"{name}.data"

    def put(self, block: bytes) -> bytes:
        require_block_size(block)
        digest = hashlib.sha256(block).digest()
        path = self.path_of(digest)
        if not self._is_intact(path, block):
            with disk_errors():
                self._write(path, block)
        return digest

    def _is_intact(self, path: Path, block: bytes) -> bool:
        try:
            return path.read_bytes() == block
        except OSError:
            return False

    def _write(self, path: Path, block: bytes) -> None:
        temporary = self.incoming / f"{path.stem[:16]}-{secrets.token_hex(8)}"
        try:
            with temporary.open("xb", buffering=0) as file:
                view = memoryview(block)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
                sync_folder(self.blocks)
            temporary.replace(path)
            sync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def get(self, digest: bytes) -> bytes:
        path = self.path_of(digest)
        try:
            with disk_errors():
                block = path.read_bytes()
        except StoreUnavailable as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise _absent(digest) from error
            raise
        _require_digest(block, digest)
        return block

    def has(self, digest: bytes) -> bool:
        return self.path_of(digest).is_file()

    def size_bytes(self, digest: bytes) -> int:
        try:
            return self.path_of(digest).stat().st_size
        except FileNotFoundError as error:
            raise _absent(digest) from error

    def usage(self) -> tuple[int, int]:
        sizes = [entry.stat().st_size for entry in self.blocks.glob("*/*.data")]
        return len(sizes), sum(sizes)


def _require_digest(block: bytes, digest: bytes) -> None:
    if hashlib.sha256(block).digest() != digest:
        raise ArtifactCorrupted(
            f"The block {digest.hex()[:16]}... is damaged on disk: its bytes have another digest.",
            mend="Add the original file again; the block is then rewritten. Check the disk.",
            digest=digest.hex(),
        )


def sync_folder(folder: Path) -> None:
    """Make a new name in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StoreFull(
                "The disk of the artifact store is full; the artifact was not stored.",
                retry_after_seconds=30.0,
                mend="Free disk space on the machine that runs the artifact store, then send it again.",
            ) from error
        raise StoreUnavailable(
            f"The artifact store's disk answers: {error.strerror or error}.",
            mend="Check the folder's permissions.",
        ) from error
