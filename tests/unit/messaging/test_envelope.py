from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.messaging.errors import EnvelopeExpired, EnvelopeInvalid, EnvelopeReplayed
from agents_offchain.messaging.protocols.envelope import (
    CLOCK_SKEW_SECONDS,
    ENVELOPE_FIELDS,
    ENVELOPE_TYPE,
    MAX_ENVELOPE_BYTES,
    MAX_LIFE_SECONDS,
    Envelope,
    decode_envelope,
    encode_envelope,
    envelope_domain,
    sign_envelope,
)
from agents_offchain.messaging.protocols.replay import ReplayGuard
from agents_offchain.messaging.protocols.signature import recover_signer
from agents_offchain.primitives.eip712 import typed_data, typed_data_digest
from tests.unit.messaging.key_ring import KeyRing

pytestmark = pytest.mark.unit

RING = KeyRing()
DOMAIN = envelope_domain(31337, b"\x11" * 20)
NOW = 1_700_000_000
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


def make(**changes: Any) -> Envelope:
    fields: dict[str, Any] = {
        "id": "commit:1",
        "type": "oracle.commit/1",
        "sender": RING.address_of("alice"),
        "target": "verdicts",
        "created": NOW,
        "expires": NOW + 60,
        "body": {"n": 1},
    }
    return Envelope(**{**fields, **changes})


async def signed(**changes: Any) -> Envelope:
    return await sign_envelope(make(**changes), DOMAIN, RING, "alice")


def decode(data: bytes, now: float = NOW) -> Envelope:
    return decode_envelope(data, DOMAIN, now_seconds=now)


@given(body=st.dictionaries(st.text(max_size=10), json_values, max_size=5))
async def test_decode__given_any_json_body__gives_back_what_was_signed(body: dict[str, Any]) -> None:
    try:
        envelope = await signed(body=body)
    except EnvelopeInvalid:  # a lone surrogate is not JSON in UTF-8
        assert any(0xD800 <= ord(character) <= 0xDFFF for character in json.dumps(body, ensure_ascii=False))
        return
    assert decode(encode_envelope(envelope)) == envelope


async def test_sign__given_the_same_envelope__gives_the_same_bytes() -> None:
    nonce = b"\x07" * 16
    assert encode_envelope(await signed(nonce=nonce)) == encode_envelope(await signed(nonce=nonce))


async def test_sign__given_another_key_than_the_senders__is_refused() -> None:
    with pytest.raises(EnvelopeInvalid, match="not signed by its sender"):
        await sign_envelope(make(), DOMAIN, RING, "mallory")


async def test_signature__given_a_wallet_library__recovers_the_same_address() -> None:
    envelope = await signed()
    message = typed_data(DOMAIN, ENVELOPE_TYPE, ENVELOPE_FIELDS, envelope.typed_values())
    recovered = Account.recover_message(encode_typed_data(full_message=message), signature=envelope.signature)
    assert bytes.fromhex(recovered[2:]) == envelope.sender


@pytest.mark.parametrize(
    "change",
    [
        {"id": "commit:2"},
        {"type": "oracle.reveal/1"},
        {"target": "elsewhere"},
        {"correlation": "x"},
        {"causation": "x"},
        {"priority": 9},
        {"created": NOW - 1},
        {"expires": NOW + 61},
        {"body": {"n": 2}},
        {"nonce": b"\x01" * 16},
        {"sender": RING.address_of("mallory")},
    ],
)
async def test_decode__when_any_field_was_changed__is_refused(change: dict[str, Any]) -> None:
    tampered = replace(await signed(), **change)
    with pytest.raises(EnvelopeInvalid):
        decode(encode_envelope(tampered))


async def test_decode__when_signed_for_another_chain__is_refused() -> None:
    envelope = await sign_envelope(make(), envelope_domain(1, b"\x11" * 20), RING, "alice")
    with pytest.raises(EnvelopeInvalid):
        decode(encode_envelope(envelope))


@pytest.mark.parametrize(
    ("now", "is_refused"),
    [
        (NOW, False),
        (NOW + 59, False),
        (NOW + 60, True),
        (NOW - CLOCK_SKEW_SECONDS, False),
        (NOW - CLOCK_SKEW_SECONDS - 1, True),
    ],
)
async def test_decode__given_the_time__honours_created_and_expires(now: int, is_refused: bool) -> None:
    data = encode_envelope(await signed())
    if is_refused:
        with pytest.raises(EnvelopeExpired):
            decode(data, now)
    else:
        assert decode(data, now).id == "commit:1"


@pytest.mark.parametrize("life", [0, -1, MAX_LIFE_SECONDS + 1])
async def test_sign__given_an_impossible_life__is_refused(life: int) -> None:
    with pytest.raises(EnvelopeExpired):
        await signed(expires=NOW + life)


async def test_encode__when_larger_than_allowed__is_refused() -> None:
    with pytest.raises(EnvelopeInvalid, match="at most"):
        await signed(body={"x": "y" * MAX_ENVELOPE_BYTES})


def test_decode__when_larger_than_allowed__is_refused_before_it_is_parsed() -> None:
    with pytest.raises(EnvelopeInvalid, match="at most"):
        decode(b"[" * (MAX_ENVELOPE_BYTES + 1))


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 60_000, b'{"a":' * 10_000, b"1e999"])
def test_decode__given_hostile_bytes__is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        decode(data)


@given(st.binary(max_size=300))
def test_decode__given_random_bytes__is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        decode(data)


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
async def test_decode__when_one_byte_was_changed__is_refused_or_unchanged(position: int, byte: int) -> None:
    envelope = await signed(nonce=b"\x02" * 16)
    data = bytearray(encode_envelope(envelope))
    data[position % len(data)] = byte
    try:
        found = decode(bytes(data))
    except (EnvelopeInvalid, EnvelopeExpired):
        return
    assert found == envelope


@pytest.mark.parametrize(
    "change",
    [
        {"priority": "5"},
        {"priority": 10},
        {"priority": True},
        {"created": 1.5},
        {"expires": 2**53},
        {"sender": "0xAB"},
        {"nonce": "0x00"},
        {"body": []},
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 201},
        {"target": "a\nb"},
        {"schema": "aitbc.envelope/2"},
        {"unknown": 1},
        {"body": {"n": float("nan")}},
    ],
)
async def test_decode__given_a_field_of_the_wrong_form__is_refused(change: dict[str, Any]) -> None:
    fields = {**json.loads(encode_envelope(await signed())), **change}
    with pytest.raises(EnvelopeInvalid):
        decode(json.dumps(fields).encode())


class TestRecoverSigner:
    digest = typed_data_digest(DOMAIN, ENVELOPE_TYPE, ENVELOPE_FIELDS, make().typed_values())

    def test_recover__given_a_good_signature__names_the_signer(self) -> None:
        signature = RING.sign_digest("alice", self.digest)
        assert recover_signer(self.digest, signature) == RING.address_of("alice")

    def test_recover__given_another_digest__names_somebody_else(self) -> None:
        signature = RING.sign_digest("alice", self.digest)
        assert recover_signer(b"\x01" * 32, signature) != RING.address_of("alice")

    def test_recover__given_the_malleable_twin__is_refused(self) -> None:
        signature = RING.sign_digest("alice", self.digest)
        s = ORDER - int.from_bytes(signature[32:64], "big")
        twin = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
        with pytest.raises(EnvelopeInvalid, match="malleable"):
            recover_signer(self.digest, twin)

    @pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
    def test_recover__given_an_odd_v__is_refused(self, v: int) -> None:
        signature = RING.sign_digest("alice", self.digest)
        with pytest.raises(EnvelopeInvalid):
            recover_signer(self.digest, signature[:64] + bytes([v]))

    @pytest.mark.parametrize(
        "signature", [b"", b"\0" * 64, b"\0" * 64 + b"\x1b", b"\xff" * 32 + b"\x01" * 32 + b"\x1b"]
    )
    def test_recover__given_no_signature__is_refused(self, signature: bytes) -> None:
        with pytest.raises(EnvelopeInvalid):
            recover_signer(self.digest, signature)


class TestReplayGuard:
    def test_admit__when_seen_for_the_first_time__is_fresh(self) -> None:
        assert ReplayGuard().admit(make(), now_seconds=NOW)

    def test_admit__when_the_transport_repeats__is_no_replay(self) -> None:
        guard, envelope = ReplayGuard(), make()
        guard.admit(envelope, now_seconds=NOW)
        assert not guard.admit(envelope, now_seconds=NOW)

    def test_admit__when_the_nonce_carries_another_message__is_refused(self) -> None:
        guard = ReplayGuard()
        guard.admit(make(nonce=b"\x01" * 16), now_seconds=NOW)
        with pytest.raises(EnvelopeReplayed):
            guard.admit(make(nonce=b"\x01" * 16, body={"n": 2}), now_seconds=NOW)

    def test_admit__given_two_senders_with_one_nonce__admits_both(self) -> None:
        guard = ReplayGuard()
        assert guard.admit(make(nonce=b"\x01" * 16), now_seconds=NOW)
        assert guard.admit(make(nonce=b"\x01" * 16, sender=b"\x02" * 20), now_seconds=NOW)

    def test_admit__when_envelopes_expired__forgets_them(self) -> None:
        guard = ReplayGuard()
        for number in range(10):
            guard.admit(make(id=f"m{number}"), now_seconds=NOW)
        guard.admit(make(id="later", expires=NOW + 500), now_seconds=NOW + 100)
        assert len(guard) == 1

    def test_admit__when_full__forgets_what_expires_first(self) -> None:
        guard = ReplayGuard(capacity=5)
        for number in range(20):
            guard.admit(make(id=f"m{number}", expires=NOW + 60 + number), now_seconds=NOW)
        assert len(guard) == 5
