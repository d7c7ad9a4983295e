from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.hexes import HexInvalid, checksum, decode_address, decode_hex, encode_hex

pytestmark = pytest.mark.unit


@given(data=st.binary(max_size=64))
def test_decode_hex__of_encoded_bytes__is_the_same_in_any_case(data: bytes) -> None:
    text = encode_hex(data)
    assert decode_hex(text) == decode_hex(text[2:].upper()) == data


@given(address=st.binary(min_size=20, max_size=20))
def test_checksum__of_an_address__is_read_back(address: bytes) -> None:
    assert decode_address(checksum(address)) == address


@pytest.mark.parametrize("text", ["0x1", "0xg0", "0X12", "12 34", " 12", "0x0x12", "1\n", "١٢", None, 5, b"12"])
def test_decode_hex__of_anything_else__is_refused(text: Any) -> None:
    with pytest.raises(HexInvalid, match="not a hex string"):
        decode_hex(text)


@pytest.mark.parametrize("text", ["0x", "0x" + "00" * 19, "0x" + "00" * 21])
def test_decode_address__of_another_length__is_refused(text: str) -> None:
    with pytest.raises(HexInvalid, match="Expected 20 bytes"):
        decode_address(text)
