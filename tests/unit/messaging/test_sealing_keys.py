"""The keys that bodies are sealed to: when they change, who believes them, and what stays readable."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from agents_offchain.messaging.errors import EnvelopeInvalid, SessionInvalid
from agents_offchain.messaging.host.writing import Draft
from agents_offchain.messaging.post import Lane
from agents_offchain.messaging.protocols.message import ASK, encode_body
from agents_offchain.messaging.protocols.sealed_body import context_of, open_body, seal_body
from agents_offchain.messaging.protocols.sealing_keys import SEAL_SECONDS, SealRing
from agents_offchain.messaging.protocols.session import Session, SessionBook
from agents_offchain.primitives.clock import SystemClock
from tests.unit.messaging.host_world import DOMAIN, World, echo_agent
from tests.unit.messaging.test_host_keeps import until
from tests.unit.messaging.test_message import header_for, links

pytestmark = pytest.mark.unit


def test_ring__after_a_key_was_sealed_to_for_its_time__opens_with_it_once_more_and_then_never() -> None:
    ring, ids = SealRing(), []
    for turns in range(3):
        ring.turn(turns * SEAL_SECONDS)
        ids.append(ring.newest.id)
    assert len(set(ids)) == 3
    assert ring.key(ids[0]) is None
    assert ring.key(ids[1]) is not None
    assert ring.key(ids[2]) is ring.newest


def test_ring__while_its_key_is_young_or_the_clock_was_put_back__keeps_it() -> None:
    ring = SealRing()
    ring.turn(1_000_000)
    held = ring.newest
    for now in (1_000_000, 1_000_000 + SEAL_SECONDS - 1, 1_000_000 - 60):
        ring.turn(now)
        assert ring.newest is held


def test_ring__of_a_host_that_was_away_for_days__forgets_both_keys() -> None:
    ring = SealRing()
    ring.turn(0)
    old = ring.newest.id
    ring.turn(2 * SEAL_SECONDS)
    assert ring.key(old) is None


def test_rings__on_one_file__open_what_the_other_was_sealed(tmp_path: Path) -> None:
    file = tmp_path / "session.seals"
    first, second = SealRing(file), SealRing(file)
    first.turn(0)
    second.turn(1)
    assert second.newest.id == first.newest.id
    second.turn(SEAL_SECONDS)
    assert first.key(second.newest.id) is not None, "it looks into the file when it does not know a key"
    assert SealRing(file).key(second.newest.id) is not None
    assert file.stat().st_mode & 0o777 == 0o600


def test_ring__whose_file_is_damaged__says_so(tmp_path: Path) -> None:
    file = tmp_path / "session.seals"
    file.write_bytes(b"short")
    with pytest.raises(SessionInvalid, match="damaged"):
        SealRing(file).turn(0)


def test_ring__before_its_first_key__seals_nothing() -> None:
    with pytest.raises(SessionInvalid, match="no sealing key"):
        _ = SealRing().newest


def test_seal__that_its_session_did_not_sign_or_that_is_over__is_not_sealed_to() -> None:
    one, two = links()
    seal = two.own_seal()
    assert one.seal_of(two.own.id, 0) == seal
    with pytest.raises(SessionInvalid):
        one.seal_of(two.own.id, seal.expires)
    for false in (msgspec.structs.replace(seal, expires=seal.expires + 1), one.own_seal(), None):
        one.learn_seal(two.own.id, false)
        with pytest.raises(SessionInvalid):
            one.seal_of(two.own.id, 0)
    one.learn_seal(two.own.id, seal)
    assert one.seal_of(two.own.id, 0) == seal
    with pytest.raises(SessionInvalid):
        SessionBook(Session.fresh(), DOMAIN).seal_of(two.own.id, 0)


def test_body__sealed_before_the_keys_changed__is_read_until_they_change_again() -> None:
    one, two = links()
    seal = one.seal_of(two.own.id, 0)
    header = header_for(b"", session=one.own.id, sealed_for=seal.id)
    box = seal_body(one.ring, seal, context_of(header.id, header.sender, header.target, header.type), b"rosebud")
    one.ring.turn(SEAL_SECONDS)
    two.ring.turn(SEAL_SECONDS)
    assert open_body(two.ring, header, box) == b"rosebud"
    two.ring.turn(2 * SEAL_SECONDS)
    with pytest.raises(EnvelopeInvalid, match="no more"):
        open_body(two.ring, header, box)


class _Shifted(SystemClock):
    """The real clock, some time ahead."""

    ahead_seconds = 0.0

    def now_seconds(self) -> float:
        return super().now_seconds() + self.ahead_seconds


async def test_ask__when_sealed_before_and_after_the_keys_changed__is_answered() -> None:
    clock = _Shifted()
    world = World(clock)
    served = await world.start("one", echo_agent())
    asker = echo_agent("asker")
    asking = await world.start("two", asker)
    session, seals = served.book.own.id, set[bytes]()

    def has_new_seals() -> bool:
        with suppress(SessionInvalid):
            now = clock.now_seconds()
            both = (asking.book.seal_of(session, now).id, served.book.seal_of(asking.book.own.id, now).id)
            return seals.isdisjoint(both) and asking.view.is_alive("one") and served.view.is_alive("two")
        return False

    for turns in range(3):
        clock.ahead_seconds = turns * SEAL_SECONDS
        await until(has_new_seals)
        seals |= {served.book.ring.newest.id, asking.book.ring.newest.id}
        assert await asker.ask("echo", "echo/1", turns, sealed=True) == {"by": "echo", "said": turns}
    assert len(seals) == 6
    assert served.book.own.id == session
    await world.close()


async def test_answer__to_one_who_has_no_sealing_key_any_more__is_dropped_and_the_question_done_with() -> None:
    world = World()
    served, asking = await world.start("one", echo_agent()), await world.start("two", echo_agent("asker"))
    echo, asker = next(iter(served.agents)), next(iter(asking.agents))
    served.book.learn_seal(asking.book.own.id, None)
    draft = Draft(ASK, "echo/1", asker, echo, encode_body("rosebud"), 60)
    asking.outbound.send("one", Lane.NORMAL, asking.writer.write(draft, sealed_to=served.book.own.id)[1])
    await until(lambda: served.metrics.counts["late"] == 1)
    await until(lambda: not served.intake.open_entries)
    assert served.metrics.counts["handled"] == 1
    await world.close()
