"""Documents that strangers hand over: read whole or refused in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.runtime.payments.documents import (
    MAX_DOCUMENT_BYTES,
    Place,
    PromiseMalformed,
    SignedVoucher,
    parse_promise,
)
from tests.unit.payments.fake_channels import CONTRACT, channel, sign

pytestmark = pytest.mark.unit
VOUCHER = SignedVoucher(Place(31337, CONTRACT), channel(2**64 - 1), 2**96 - 1, sign(channel(2**64 - 1), 2**96 - 1))


def test_voucher__written_and_read_again__is_the_same() -> None:
    assert parse_promise(json.dumps(VOUCHER.as_dict()).encode()) == VOUCHER


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cumulative",), str(2**96)),
        (("cumulative",), "1.5"),
        (("cumulative",), 5),
        (("signature",), "0x00"),
        (("chain_id",), "31337"),
        (("contract",), "0x1234"),
        (("channel", "salt"), str(2**64)),
        (("channel", "grace_seconds"), -1),
        (("channel", "payer"), "alice"),
        (("schema",), "aitbc.voucher/9"),
        (("more",), "than is known"),
    ],
)
def test_voucher__with_a_wrong_field__is_refused(path: tuple[str, ...], value: Any) -> None:
    document = VOUCHER.as_dict()
    part = document
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    with pytest.raises(PromiseMalformed):
        parse_promise(json.dumps(document).encode())


@given(data=st.binary(max_size=200))
def test_document__of_any_bytes__is_refused_and_nothing_else(data: bytes) -> None:
    for prefix in (b"", b'{"schema":"aitbc.order/1"', b'{"schema":"aitbc.authorized-hire/1",'):
        with pytest.raises(PromiseMalformed):
            parse_promise(prefix + data)


def test_document__beyond_the_limit__is_not_read() -> None:
    with pytest.raises(PromiseMalformed, match="at most"):
        parse_promise(b" " * (MAX_DOCUMENT_BYTES + 1))
