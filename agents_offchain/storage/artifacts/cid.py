"""Content identifiers: version, codec and sha2-256 digest, as text and as bytes.

Only what the product uses: CIDv0 (base58btc, dag-pb) and CIDv1 (base32 or base58btc; raw or dag-pb), always sha2-256.
Source: multiformats CID specification; multicodec table. Small on purpose: two alphabets and three prefixes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import IntEnum

from agents_offchain.storage.artifacts.errors import CidInvalid

SHA2_256 = b"\x12\x20"  # multihash: function 0x12, 32 bytes
DIGEST_BYTES = 32
MAX_TEXT = 128
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Codec(IntEnum):
    """What a block holds: bytes of a file, or a node of a graph."""

    RAW = 0x55
    DAG_PB = 0x70


@dataclass(frozen=True, slots=True)
class Cid:
    """A content identifier; ``digest`` is the sha2-256 of the block, 32 bytes."""

    version: int
    codec: Codec
    digest: bytes

    def __post_init__(self) -> None:
        if self.version not in (0, 1) or len(self.digest) != DIGEST_BYTES:
            raise CidInvalid("A CID here has version 0 or 1 and a sha2-256 digest of 32 bytes.")
        if self.version == 0 and self.codec is not Codec.DAG_PB:
            raise CidInvalid("A CID of version 0 is always a dag-pb node.")

    def encode(self) -> bytes:
        """Binary form, as it stands in the links of a dag-pb node."""
        multihash = SHA2_256 + self.digest
        return multihash if self.version == 0 else bytes((1, self.codec)) + multihash

    def matches(self, block: bytes) -> bool:
        return hashlib.sha256(block).digest() == self.digest

    def __str__(self) -> str:
        if self.version == 0:
            return encode_base58(self.encode())
        return "b" + base64.b32encode(self.encode()).decode("ascii").rstrip("=").lower()


def cid_of(block: bytes, codec: Codec, version: int = 1) -> Cid:
    return Cid(version, codec, hashlib.sha256(block).digest())


def parse_cid(text: str) -> Cid:
    """Read a CID, or an ``/ipfs/<cid>`` path or ``ipfs://<cid>`` address without anything behind it.

    Raises:
        CidInvalid: not a CID, or one of another hash, codec or base than the product uses.
    """
    bare = text.strip()[:MAX_TEXT].removeprefix("ipfs://").removeprefix("/ipfs/").rstrip("/")
    try:
        return decode_cid(_decode_text(bare))
    except ValueError as error:
        raise CidInvalid(
            f"{bare[:80]!r} is not a CID.",
            mend="A CID looks like bafkrei... or Qm...; check for missing letters.",
        ) from error


def decode_cid(data: bytes) -> Cid:
    """Read the binary form.

    Raises:
        CidInvalid: not a CID, or one of another hash or codec than the product uses.
    """
    version, codec, multihash = 0, Codec.DAG_PB, data
    if data[:1] == b"\x01":
        version, multihash = 1, data[2:]
        try:
            codec = Codec(data[1])
        except (ValueError, IndexError) as error:
            raise CidInvalid("The CID has a codec other than raw or dag-pb.") from error
    if multihash[:2] != SHA2_256 or len(multihash) != 2 + DIGEST_BYTES:
        raise CidInvalid("The CID does not carry a sha2-256 digest.")
    return Cid(version, codec, bytes(multihash[2:]))


def digest_to_cid(digest: bytes) -> str:
    """CIDv1 of one raw block from its sha2-256 digest: what is on chain becomes an address."""
    return str(Cid(1, Codec.RAW, digest))


def cid_to_digest(cid: str) -> bytes:
    """The 32-byte digest of a raw single-block CIDv1: what goes on chain.

    Raises:
        CidInvalid: not a CID, or one whose digest is not that of the document's own bytes.
    """
    parsed = parse_cid(cid)
    if parsed.version != 1 or parsed.codec is not Codec.RAW:
        raise CidInvalid(
            f"{cid[:80]!r} is not the CID of a single block; its digest is not that of the document.",
            mend="Keep documents at or below 1 MiB and store them as CIDv1.",
        )
    return parsed.digest


def encode_base58(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, index = divmod(number, 58)
        digits = BASE58[index] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def decode_base58(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 58 + BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _decode_text(text: str) -> bytes:
    if len(text) == 46 and text.startswith("Qm"):
        return decode_base58(text)
    if text.startswith("b") and text == text.lower():
        padded = text[1:].upper()
        return base64.b32decode(padded + "=" * (-len(padded) % 8))
    if text.startswith("z"):
        return decode_base58(text[1:])
    raise ValueError("unknown base")
