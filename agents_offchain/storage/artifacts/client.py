"""Reaching the artifact store: any Kubo-compatible API by URL, or a dictionary in tests.

In: bytes, CIDs. Out: CIDs, bytes that were checked against their CID here, whoever served them. The driver
(``ipfshttpclient``) is synchronous and runs in a thread; its exceptions never leave this file.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.storage.artifacts.blocks import MAX_BLOCK_BYTES, MemoryBlockStore
from agents_offchain.storage.artifacts.cid import Cid, cid_to_digest, digest_to_cid, parse_cid
from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactNotFound,
    ArtifactTooLarge,
    StoreFull,
    StoreUnavailable,
)
from agents_offchain.storage.artifacts.unixfs import V1_2025, read_file, walk_blocks, write_file

__all__ = ["ArtifactStore", "KuboArtifactStore", "MemoryArtifactStore", "cid_to_digest", "digest_to_cid"]

MAX_ARTIFACT_BYTES = 64 << 20
ADD_OPTIONS = {
    "cid-version": str(V1_2025.cid_version),
    "raw-leaves": "true",
    "chunker": f"size-{V1_2025.chunk_bytes}",
    "pin": "true",
}
T = TypeVar("T")


class ArtifactStore(Protocol):
    """Files by CID. Every method may raise StoreUnavailable."""

    async def put(self, data: bytes) -> str:
        """Store and pin a file; returns its CIDv1 in the profile ``unixfs-v1-2025``.

        Raises:
            ArtifactTooLarge: more than the store takes.
            StoreFull: no room; not stored.
            ArtifactCorrupted: the store answers with another CID than the bytes have.
        """
        ...

    async def get(self, cid: str, max_bytes: int) -> bytes:
        """Return a file of at most ``max_bytes``, checked against its CID.

        Raises:
            CidInvalid: not a CID.
            ArtifactNotFound: the store has it not, or not all of it.
            ArtifactTooLarge: it has more bytes; the rest was not read.
            ArtifactCorrupted: the store served other bytes.
            ArtifactMalformed: the CID is not that of a file.
        """
        ...

    async def has(self, cid: str) -> bool:
        """Whether the store has the file's root block."""
        ...

    async def pin(self, cid: str) -> None:
        """Have the store keep the file; raises as `get`, but for the size."""
        ...


class MemoryArtifactStore:
    """An `ArtifactStore` in a dictionary of blocks, with the same CIDs and errors."""

    def __init__(self, max_artifact_bytes: int = MAX_ARTIFACT_BYTES) -> None:
        self.blocks = MemoryBlockStore()
        self.pinned: set[str] = set()
        self._max_artifact_bytes = max_artifact_bytes

    async def put(self, data: bytes) -> str:
        if len(data) > self._max_artifact_bytes:
            raise _too_large(self._max_artifact_bytes)
        cid = str(write_file([data], self.blocks.put).cid)
        self.pinned.add(cid)
        return cid

    async def get(self, cid: str, max_bytes: int) -> bytes:
        return _collect(read_file(parse_cid(cid), lambda part: self.blocks.get(part.digest)), max_bytes)

    async def has(self, cid: str) -> bool:
        return self.blocks.has(parse_cid(cid).digest)

    async def pin(self, cid: str) -> None:
        for _ in walk_blocks(parse_cid(cid), lambda part: self.blocks.get(part.digest)):
            pass
        self.pinned.add(str(parse_cid(cid)))


class KuboArtifactStore:
    """An `ArtifactStore` over ``/api/v0`` of the embedded server or any Kubo."""

    def __init__(self, url: str, timeout_seconds: float = 30.0, max_artifact_bytes: int = MAX_ARTIFACT_BYTES) -> None:
        """Make the client; nothing is sent yet.

        Args:
            url: ``http://host:port``, ``https://host:port`` or a multiaddr.
            timeout_seconds: For one call as a whole, reading included.
            max_artifact_bytes: More is refused before it is sent; a store that cuts a long upload off looks like one
                that is down.

        Raises:
            SettingsInvalid: the URL cannot be used.
        """
        self._address = to_multiaddr(url)
        self._timeout_seconds = timeout_seconds
        self._max_artifact_bytes = max_artifact_bytes
        self._client: Any = None

    async def put(self, data: bytes) -> str:
        if len(data) > self._max_artifact_bytes:
            raise _too_large(self._max_artifact_bytes)
        expected = write_file([data], lambda block: None).cid
        found = await self._call(lambda client: client.add_bytes(data, opts=ADD_OPTIONS))
        if parse_cid(str(found)) != expected:
            raise ArtifactCorrupted(
                "The artifact store answers with another CID than the bytes have.",
                mend="Check that AITBC_ARTIFACTS_URL is a Kubo 0.20 or later, or leave it out for the embedded store.",
                expected=str(expected),
                found=str(found)[:80],
            )
        return str(expected)

    async def get(self, cid: str, max_bytes: int) -> bytes:
        root = parse_cid(cid)
        return await self._call(lambda client: _collect(read_file(root, self._block_reader(client)), max_bytes))

    async def has(self, cid: str) -> bool:
        root = str(parse_cid(cid))
        try:
            await self._call(lambda client: client.block.stat(root, offline=True))
        except ArtifactNotFound:
            return False
        return True

    async def pin(self, cid: str) -> None:
        root = str(parse_cid(cid))
        await self._call(lambda client: client.pin.add(root))

    async def _call(self, operation: Callable[[Any], T]) -> T:
        def work() -> T:
            with _translated():
                if self._client is None:
                    self._client = self._connect()
                return operation(self._client)

        return await asyncio.to_thread(work)

    def _connect(self) -> Any:
        import ipfshttpclient  # heavy, and only needed once something is fetched

        # The driver passes an argument to urllib3 2 that this release ignores and the next one will refuse.
        warnings.filterwarnings("ignore", message="The 'strict' parameter", category=FutureWarning)
        client = ipfshttpclient.Client(self._address, timeout=self._timeout_seconds)
        if _is_loopback(self._address):
            # The driver hands these to requests.Session: a proxy of the environment is not for this machine.
            client._client._session_props["trust_env"] = False
        return client

    def _block_reader(self, client: Any) -> Callable[[Cid], bytes]:
        deadline = time.monotonic() + self._timeout_seconds

        def fetch(cid: Cid) -> bytes:
            if time.monotonic() > deadline:
                raise StoreUnavailable("The artifact store is too slow.", retry_after_seconds=5.0)
            pieces_read = bytearray()
            with client._client.request("/block/get", (str(cid),), stream=True) as pieces:
                for piece in pieces:
                    pieces_read += piece
                    if len(pieces_read) > MAX_BLOCK_BYTES:
                        raise _corrupted(cid)
                    if time.monotonic() > deadline:
                        raise StoreUnavailable("The artifact store is too slow.", retry_after_seconds=5.0)
            block = bytes(pieces_read)
            if not cid.matches(block):
                raise _corrupted(cid)
            return block

        return fetch


def to_multiaddr(url: str) -> str:
    """``http://127.0.0.1:5001`` as ``/ip4/127.0.0.1/tcp/5001/http``; a multiaddr stays as it is.

    Raises:
        SettingsInvalid: neither of the two.
    """
    if url.startswith("/"):
        return url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in {"http", "https"} or not host or parts.path.strip("/"):
        raise SettingsInvalid(
            f"{url[:80]!r} is not the address of an artifact store.", mend="Give it as http://host:port."
        )
    try:
        kind = f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        kind = "dns"
    return f"/{kind}/{host}/tcp/{port or (443 if parts.scheme == 'https' else 80)}/{parts.scheme}"


def _is_loopback(address: str) -> bool:
    return address.startswith(("/ip4/127.", "/ip6/::1/", "/dns/localhost/"))


def _collect(pieces: Iterator[bytes], max_bytes: int) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(data)


def _too_large(limit_bytes: int) -> ArtifactTooLarge:
    return ArtifactTooLarge(
        f"The artifact has more than the {limit_bytes:,} bytes allowed.",
        mend="Use a smaller file.",
        limit_bytes=limit_bytes,
    )


def _corrupted(cid: Cid) -> ArtifactCorrupted:
    return ArtifactCorrupted(
        f"The artifact store served other bytes than {cid} stands for.",
        mend="Ask another store for it; this one is damaged or lies.",
        cid=str(cid),
    )


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    import requests
    from ipfshttpclient import exceptions

    try:
        yield
    except exceptions.ErrorResponse as error:
        raise error_from_answer(str(error)) from error
    except exceptions.StatusError as error:
        raise StoreUnavailable("The artifact store refuses the call.", reason=str(error)[:200]) from error
    except (exceptions.Error, requests.RequestException) as error:
        raise StoreUnavailable(
            "The artifact store does not answer.",
            mend="Check that it runs (`aitbc status`) and that AITBC_ARTIFACTS_URL is right.",
            reason=type(error).__name__,
        ) from error


def error_from_answer(message: str) -> Exception:
    """The store's own words as one of our errors; Kubo tells its errors apart by their text alone."""
    said = message.lower()
    if "not found" in said or "could not find" in said:
        return ArtifactNotFound("The artifact store does not have this artifact.", reason=message[:200])
    if "no space" in said or "disk is full" in said or "disk of the artifact store is full" in said:
        return StoreFull("The disk of the artifact store is full.", retry_after_seconds=30.0, reason=message[:200])
    if "too large" in said or "more than the" in said:
        return ArtifactTooLarge("The artifact store refuses a file of this size.", reason=message[:200])
    if "damaged on disk" in said or "different hash" in said or "hash mismatch" in said:
        return ArtifactCorrupted("The artifact store holds damaged bytes for this artifact.", reason=message[:200])
    return StoreUnavailable("The artifact store answers with an error.", reason=message[:200])
