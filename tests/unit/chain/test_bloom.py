"""What may be concluded from the bloom of a header, and from which nothing may."""

from __future__ import annotations

import secrets

import pytest

from agents_offchain.chain.bloom import LogAudit
from agents_offchain.chain.node import Block, RawLog
from tests.fakes.chain import bloom_of
from tests.fakes.contracts import ESCROW_ABI
from tests.fakes.deployment import ESCROW

pytestmark = pytest.mark.unit
EVENT = next(iter(ESCROW_ABI.events))


def block(bloom: bytes) -> Block:
    return Block(7, b"\x07" * 32, b"\x06" * 32, 1, 0, bloom)


def log(topic: bytes = EVENT) -> RawLog:
    return RawLog(ESCROW, [topic], b"", 7, b"\x07" * 32, b"\x01" * 32, 0)


def test_suspects__when_a_header_admits_an_event_that_is_not_given__is_that_block() -> None:
    entry = {"address": "0x" + ESCROW.hex(), "topics": ["0x" + EVENT.hex()]}
    admitting = block(bloom_of([entry]))
    audit = LogAudit({ESCROW: ESCROW_ABI})
    assert audit.suspects([admitting], []) == [admitting]
    assert audit.suspects([admitting], [log()]) == []


@pytest.mark.parametrize("bloom", [b"", bytes(256), b"\xff" * 256])
def test_suspects__of_a_bloom_that_tells_nothing__is_nobody(bloom: bytes) -> None:
    """Absent, left empty by the chain, or full."""
    assert LogAudit({ESCROW: ESCROW_ABI}).suspects([block(bloom)], []) == []


def test_suspects__of_blocks_about_others__is_nobody() -> None:
    audit = LogAudit({ESCROW: ESCROW_ABI})
    for _ in range(200):
        entry = {"address": "0x" + secrets.token_hex(20), "topics": ["0x" + secrets.token_hex(32)]}
        assert audit.suspects([block(bloom_of([entry]))], []) == []
