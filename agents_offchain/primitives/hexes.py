"""Hex strings exist only at the edges: how they come in and go out.

Inside, addresses are 20 bytes and hashes 32 bytes.
"""

from __future__ import annotations

import re

from eth_utils.address import to_checksum_address

from agents_offchain.primitives.errors import Refused

_HEX = re.compile(r"(0x)?((?:[0-9a-fA-F]{2})*)")


class HexInvalid(Refused):
    """A hex string is malformed or has the wrong length."""


def decode_hex(text: str, length: int | None = None) -> bytes:
    """Bytes of a hex string, with or without `0x`.

    Raises:
        HexInvalid: not hex, or not `length` bytes.
    """
    match = _HEX.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise HexInvalid(f"{str(text)[:80]!r} is not a hex string.")
    data = bytes.fromhex(match[2])
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
