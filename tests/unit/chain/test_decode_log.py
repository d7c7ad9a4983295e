"""Logs are written by strangers: their texts never stop the watcher."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from agents_offchain.chain.contract_abi import load_abi

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        ("Käse".encode(), "Käse"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a\0b", "a\ufffdb"),
        (b"", ""),
    ],
)
def test_decode_log__with_any_bytes_as_text__gives_text_that_a_database_takes(raw: bytes, text: str) -> None:
    abi = load_abi("JobEscrow")
    topics = [abi.topic("JobDescribed"), *(number.to_bytes(32, "big") for number in (1, 2, 3))]
    decoded = abi.decode_log(topics, encode(["uint32", "bytes"], [4, raw]))
    assert decoded == (
        "JobDescribed",
        {"jobId": 1, "agentId": 2, "listingId": 3, "policyId": 4, "description": text},
    )
