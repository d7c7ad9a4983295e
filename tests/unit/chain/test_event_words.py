"""Events read at once are those that the library reads; what is not plainly written is left to it."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.addresses import WATCHED
from agents_offchain.chain.contract_abi import EventCodec, _decode_slowly, load_abi
from tests.fakes.abi_values import values_of

pytestmark = pytest.mark.unit

EVENTS = [codec for name in WATCHED for codec in load_abi(name).events.values()]


@st.composite
def logs(draw: st.DrawFn) -> tuple[EventCodec, list[bytes], bytes]:
    """An event with any values, encoded by the library."""
    codec = draw(st.sampled_from(EVENTS))
    topics = [codec.topic]
    for _, kind in codec.indexed:
        dynamic = kind in ("string", "bytes")
        topics.append(draw(st.binary(min_size=32, max_size=32)) if dynamic else encode([kind], [draw(values_of(kind))]))
    kinds = [kind for _, kind in codec.plain]
    return codec, topics, encode(kinds, [draw(values_of(kind)) for kind in kinds])


def slowly(codec: EventCodec, topics: list[bytes], data: bytes) -> dict[str, Any] | None:
    try:
        return _decode_slowly(codec, topics, data)
    except (DecodingError, OverflowError):
        return None


@given(logs())
def test_read__of_an_event_as_contracts_write_it__equals_the_library(
    log: tuple[EventCodec, list[bytes], bytes],
) -> None:
    codec, topics, data = log
    read = codec.words.read(topics[1:], data)
    if read is not None:
        assert {name: _text(value) for name, value in read.items()} == slowly(codec, topics, data)


@given(logs(), st.integers(0), st.binary(min_size=1, max_size=32))
def test_read__of_bytes_that_were_tampered_with__is_the_librarys_or_left_to_it(
    log: tuple[EventCodec, list[bytes], bytes], place: int, other: bytes
) -> None:
    codec, topics, data = log
    whole = b"".join(topics[1:]) + data
    at = place % (len(whole) + 1)
    whole = whole[:at] + other + whole[at + len(other) :]
    bound = 32 * len(codec.indexed)
    topics = [codec.topic, *(whole[first : first + 32] for first in range(0, bound, 32))]
    read = codec.words.read(topics[1:], whole[bound:])
    if read is not None:
        assert {name: _text(value) for name, value in read.items()} == slowly(codec, topics, whole[bound:])


@pytest.mark.parametrize("name", ["JobCreated", "JobFunded", "JobDescribed", "JobSubmitted", "PaymentReleased"])
def test_read__of_the_events_of_a_job__needs_no_library(name: str) -> None:
    abi = load_abi("JobEscrow")
    codec = abi.events[abi.topic(name)]
    samples = {"address": "0x" + "11" * 20, "uint256": 5, "uint32": 5, "bytes32": b"\x01" * 32, "string": "a"}
    topics = [encode([kind], [samples[kind]]) for _, kind in codec.indexed]
    data = encode([kind for _, kind in codec.plain], [samples[kind] for _, kind in codec.plain])
    read = codec.words.read(topics, data)
    assert read == {name: samples[kind] for name, kind in (*codec.indexed, *codec.plain)}


def _text(value: Any) -> Any:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
