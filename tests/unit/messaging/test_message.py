"""Bytes from anybody: a message is exactly what its sender wrote, or it is refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.messaging.errors import EnvelopeExpired, EnvelopeInvalid, EnvelopeReplayed, SessionInvalid
from agents_offchain.messaging.host.seen import Seen
from agents_offchain.messaging.protocols.bundle import pack, unpack
from agents_offchain.messaging.protocols.message import (
    ASK,
    MAX_HOPS,
    VERSION,
    Frame,
    Header,
    Message,
    body_digest,
    decode_body,
    encode_body,
    encode_header,
    read_frame,
    wallet_of,
    write_frame,
)
from agents_offchain.messaging.protocols.sealed_body import context_of, open_body, seal_body
from agents_offchain.messaging.protocols.session import (
    MAX_SESSION_SECONDS,
    Grant,
    PublicSession,
    Session,
    SessionBook,
    grant_session,
    require_granted,
)
from tests.unit.messaging.host_world import DOMAIN, RING

pytestmark = pytest.mark.unit
NOW_MS = 1_700_000_000_000
SENDER = f"ann@0x{RING.address_of('ann').hex()}"


def header_for(body: bytes, **changes: Any) -> Header:
    header = Header(
        version=VERSION,
        verb=ASK,
        id="m.1",
        type="echo/1",
        sender=SENDER,
        target=SENDER,
        correlation="m.1",
        causation="",
        session=b"\x01" * 16,
        priority=5,
        created=NOW_MS,
        expires=NOW_MS + 60_000,
        sequence=0,
        sealed_for=b"",
        digest=body_digest(body),
        trace="",
    )
    return msgspec.structs.replace(header, **changes)


def links() -> tuple[SessionBook, SessionBook]:
    """Two hosts that know each other."""
    one, two = SessionBook(Session.fresh(), DOMAIN), SessionBook(Session.fresh(), DOMAIN)
    for book in (one, two):
        book.ring.turn(0)
    for book in (one, two):
        for other in (one, two):
            book.learn(other.own.public, [])
            book.learn_seal(other.own.id, other.own_seal())
    return one, two


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(json_values, st.integers(0, 9), st.text(st.sampled_from("abc019._-"), min_size=1, max_size=20))
def test_frame__of_any_body__comes_out_as_it_went_in(data: Any, priority: int, name: str) -> None:
    body = encode_body(data)
    header = header_for(body, priority=priority, id="x" + name)
    message = read_frame(write_frame(header, body), now_ms=NOW_MS)
    assert message.header == header
    assert message.data() == data


@given(st.binary(max_size=400), st.binary(max_size=50))
def test_frame__given_any_bytes__is_refused_with_our_error(header: bytes, body: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        read_frame(Frame(header, body), now_ms=NOW_MS)


@given(st.data())
def test_frame__with_any_byte_changed__is_refused_or_says_what_it_says_openly(data: st.DataObject) -> None:
    """A header that still reads is another header, so that its MAC or signature no longer fits."""
    body = encode_body({"n": 1})
    original = encode_header(header_for(body))
    place = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        message = read_frame(Frame(bytes(changed), body), now_ms=NOW_MS)
    except (EnvelopeInvalid, EnvelopeExpired):
        return
    assert encode_header(message.header) == bytes(changed) != original


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"expires": NOW_MS}, EnvelopeExpired),
        ({"created": NOW_MS + 31_000, "expires": NOW_MS + 90_000}, EnvelopeExpired),
        ({"expires": NOW_MS + 8 * 86_400_000}, EnvelopeExpired),
        ({"verb": "sing"}, EnvelopeInvalid),
    ],
)
def test_frame__out_of_time_or_of_no_verb__is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        read_frame(write_frame(header_for(b"1", **changes), b"1"), now_ms=NOW_MS)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "m.1\necho/1"},
        {"id": "m.1\n"},
        {"type": "echo"},
        {"type": "Echo/1"},
        {"sender": "ann"},
        {"sender": SENDER.upper()},
        {"target": ""},
        {"target": "a b"},
        {"correlation": "-"},
        {"causation": "a\n"},
        {"trace": "00-xyz"},
        {"trace": "\n"},
        {"causation": "a\nb", "trace": ""},
    ],
)
def test_frame__with_words_of_another_form__is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(EnvelopeInvalid):
        read_frame(write_frame(header_for(b"1", **changes), b"1"), now_ms=NOW_MS)


def test_frame__not_canonical_or_relayed_too_often__is_refused() -> None:
    header = encode_header(header_for(b"1"))
    long_form = header.replace(b"\xa3ask", b"\xd9\x03ask")  # the same text with a longer length
    assert msgspec.msgpack.decode(long_form, type=Header) == msgspec.msgpack.decode(header, type=Header)
    with pytest.raises(EnvelopeInvalid, match="canonical"):
        read_frame(Frame(long_form, b"1"), now_ms=NOW_MS)
    with pytest.raises(EnvelopeInvalid, match="relayed"):
        read_frame(Frame(header, b"1", MAX_HOPS + 1), now_ms=NOW_MS)
    with pytest.raises(EnvelopeInvalid, match="body"):
        read_frame(Frame(header, b"2"), now_ms=NOW_MS)


def test_body__that_json_cannot_carry__is_refused() -> None:
    with pytest.raises(EnvelopeInvalid):
        encode_body({1, 2, object()})
    with pytest.raises(EnvelopeInvalid):
        decode_body(b"[" * 100_000)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.data())
def test_bundle__with_any_byte_changed__is_refused(bodies: list[bytes], data: st.DataObject) -> None:
    one, two = LINKS
    frames = [Frame(b"h", body) for body in bodies]
    packed = pack(one, two.own.id, frames)
    assert unpack(two, packed) == frames
    changed = bytearray(packed)
    changed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((SessionInvalid, EnvelopeInvalid)):
        unpack(two, bytes(changed))


@given(st.binary(max_size=200))
def test_bundle__given_any_bytes__is_refused_with_our_error(data: bytes) -> None:
    with pytest.raises((SessionInvalid, EnvelopeInvalid)):
        unpack(LINKS[1], data)


LINKS = links()


def test_bundle__sent_back_or_to_oneself__has_keys_of_its_own_direction() -> None:
    one, two = LINKS
    assert one.mac_key(two.own.id, is_ours_first=True) == two.mac_key(one.own.id, is_ours_first=False)
    assert one.mac_key(two.own.id, is_ours_first=True) != two.mac_key(one.own.id, is_ours_first=True)
    assert unpack(one, pack(one, one.own.id, [Frame(b"h", b"b")])) == [Frame(b"h", b"b")]


@given(st.binary(max_size=300), st.data())
def test_sealed_body__with_any_byte_changed__cannot_be_opened(body: bytes, data: st.DataObject) -> None:
    one, two = LINKS
    seal = one.seal_of(two.own.id, 0)
    header = header_for(b"", session=one.own.id, sealed_for=seal.id)
    box = seal_body(one.ring, seal, context_of(header.id, header.sender, header.target, header.type), body)
    assert open_body(two.ring, header, box) == body
    changed = bytearray(box)
    changed[data.draw(st.integers(0, len(box) - 1))] ^= 1
    with pytest.raises(EnvelopeInvalid):
        open_body(two.ring, header, bytes(changed))
    with pytest.raises(EnvelopeInvalid):
        open_body(two.ring, msgspec.structs.replace(header, type="other/1"), box)
    with pytest.raises(EnvelopeInvalid):
        open_body(one.ring, header, box)


# --- sessions


async def test_grant__by_another_wallet_or_for_other_keys__is_not_believed() -> None:
    session, other = Session.fresh(), Session.fresh()
    grant = await grant_session(session.public, DOMAIN, RING, "ann", created=100, expires=200)
    require_granted(session.public, grant, DOMAIN)
    forged = msgspec.structs.replace(grant, agent=RING.address_of("bob"))
    for public, word in ((other.public, grant), (session.public, forged)):
        with pytest.raises(SessionInvalid):
            require_granted(public, word, DOMAIN)
    too_long = await grant_session(session.public, DOMAIN, RING, "ann", created=100, expires=101 + MAX_SESSION_SECONDS)
    with pytest.raises(SessionInvalid, match="at most"):
        require_granted(session.public, too_long, DOMAIN)
    with pytest.raises(SessionInvalid, match="no signature"):
        require_granted(session.public, msgspec.structs.replace(grant, signature=b"\x00" * 65), DOMAIN)
    book = SessionBook(other, DOMAIN)
    assert book.learn(session.public, [grant, forged]) == frozenset({RING.address_of("ann")})


async def test_session__after_its_grant_is_over__speaks_for_nobody() -> None:
    session, book = Session.fresh(), SessionBook(Session.fresh(), DOMAIN)
    book.learn(session.public, [await grant_session(session.public, DOMAIN, RING, "ann", created=100, expires=200)])
    message = Message(header_for(b"", session=session.id), b"")
    book.require_speaks_for(message, now_seconds=199)
    with pytest.raises(SessionInvalid):
        book.require_speaks_for(message, now_seconds=200)
    with pytest.raises(SessionInvalid):
        book.require_speaks_for(Message(header_for(b""), b""), now_seconds=150)
    book.forget(frozenset())
    with pytest.raises(SessionInvalid):
        book.require_speaks_for(message, now_seconds=150)
    with pytest.raises(SessionInvalid):
        book.mac_key(session.id, is_ours_first=True)


@given(st.binary(min_size=64, max_size=64))
def test_signature__that_the_session_did_not_make__is_refused(nonsense: bytes) -> None:
    one, two = LINKS
    header = header_for(b"1", session=one.own.id)
    frame = write_frame(header, b"1")
    message = Message(header, b"1")
    two.require_signed(Frame(frame.header, frame.body, 0, one.own.sign(frame.header)), message)
    for signature in (nonsense, two.own.sign(frame.header), b""):
        with pytest.raises(SessionInvalid):
            two.require_signed(Frame(frame.header, frame.body, 0, signature), message)
    with pytest.raises(SessionInvalid, match="unknown"):
        two.require_signed(frame, Message(header_for(b"1"), b"1"))


def test_session__kept_in_a_file__is_the_same_for_all_who_read_it(tmp_path: Path) -> None:
    file = tmp_path / "session"
    first, second = Session.kept_in(file), Session.kept_in(file)
    assert first.public == second.public
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"short")
    with pytest.raises(SessionInvalid, match="damaged"):
        Session.kept_in(file)


def test_session__with_keys_that_are_none__is_passed_over() -> None:
    book = SessionBook(Session.fresh(), DOMAIN)
    bad = PublicSession(b"\x00" * 32, b"\x05" + b"\x00" * 32)
    assert book.learn(bad, [Grant(b"\x01" * 20, 0, 1, b"\x00" * 65)]) == frozenset()
    assert not book.knows(bad.id)
    assert book.public(book.own.id) is None
    low_order = PublicSession(b"\x00" * 32, Session.fresh().public.verifier)
    book.learn(low_order, [])
    with pytest.raises(SessionInvalid):
        book.mac_key(low_order.id, is_ours_first=True)


# --- memory of what was seen


def test_seen__until_a_message_expires__tells_repetition_from_replay() -> None:
    seen, header = Seen(), header_for(b"1")
    assert seen.admit("me", header) is None
    held = seen.admit("me", header)
    assert held is not None
    assert not held.is_done
    reply = Frame(b"h", b"answer")
    seen.keep_replies("me", header, (reply,))
    again = seen.admit("me", header)
    assert again is not None
    assert again.replies == (reply,)
    with pytest.raises(EnvelopeReplayed):
        seen.admit("me", header_for(b"2"))
    assert seen.admit("you", header) is None
    seen.sweep(header.expires)
    assert len(seen) == 0


def test_seen__above_its_capacity__forgets_the_oldest_and_keeps_no_more_reply_bytes() -> None:
    seen = Seen(capacity=2, most_reply_bytes=3)
    for number in range(3):
        header = header_for(b"1", id=f"m.{number}")
        assert seen.admit("me", header) is None
        seen.keep_replies("me", header, (Frame(b"h", b"r"),))
    assert len(seen) == 2
    assert seen.admit("me", header_for(b"1", id="m.0")) is None
    seen.keep_replies("me", header_for(b"1", id="gone"), ())
    seen.let_go("me", header_for(b"1", id="gone"))
    seen.let_go("me", header_for(b"1", id="m.0"))
    assert len(seen) == 1


def test_wallet__of_an_agent_id__is_its_address() -> None:
    assert wallet_of(SENDER) == RING.address_of("ann")
