"""Hex strings exist only at the edges: how they come in and go out.

Inside, addresses are 20 bytes and hashes 32 bytes.
"""

from __future__ import annotations

from eth_utils.address import to_checksum_address

from agents_offchain.primitives.errors import Refused


class HexInvalid(Refused):
    """A hex string is malformed or has the wrong length."""


def decode_hex(text: str, length: int | None = None) -> bytes:
    """Bytes of a `0x` string.

    Raises:
        HexInvalid: not hex, or not `length` bytes.
    """
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except (ValueError, AttributeError) as error:
        raise HexInvalid(f"{str(text)[:80]!r} is not a hex string.") from error
    if length is not None and len(data) != length:
        raise HexInvalid(f"Expected {length} bytes of hex, got {len(data)}.")
    return data


def decode_address(text: str) -> bytes:
    """20 bytes of an address, any case."""
    return decode_hex(text, 20)


def encode_hex(data: bytes) -> str:
    return "0x" + data.hex()


def checksum(address: bytes) -> str:
    """EIP-55 form of a 20-byte address."""
    return to_checksum_address(address)
