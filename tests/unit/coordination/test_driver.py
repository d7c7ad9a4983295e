"""The driver over the mailbox's twin in memory, with real signatures and the real journal."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agents_offchain.coordination.decision.agreement.certificate import Certificate, require_certificate
from agents_offchain.coordination.decision.agreement.driver import Member, Pace, Ports, topic_of
from agents_offchain.coordination.decision.agreement.messages import Prepare, Proposal
from agents_offchain.coordination.decision.agreement.sql_journal import SqlJournal
from agents_offchain.coordination.decision.agreement.wire import encode_message
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.messaging.memory import Faults, MemoryBroker, MemoryMailbox
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.eip712 import Domain, Field
from agents_offchain.storage.database import Database
from tests.fakes.inline_sqlite import clear
from tests.unit.coordination.council_world import MEMBERS, NAMES, QUESTION, RING, sign

pytestmark = pytest.mark.unit


class PowerCut(Exception):
    """The process ends here."""


class CuttableSigner:
    """Signs until it is told to die before the next signature."""

    def __init__(self) -> None:
        self.is_cut = False

    async def address(self, key: str) -> bytes:
        return RING.address_of(key)

    async def sign_typed(
        self, key: str, domain: Domain, type_name: str, fields: tuple[Field, ...], values: tuple[Any, ...]
    ) -> bytes:
        if self.is_cut:
            raise PowerCut
        return await RING.sign_typed(key, domain, type_name, fields, values)


class Stage:
    """Members on one broker and one clock."""

    def __init__(self, database: Database, faults: Faults | None = None) -> None:
        self.broker = MemoryBroker()
        self.clock = ManualClock()
        self.database = database
        self.faults = faults
        self.signer = CuttableSigner()

    def member(self, place: int, wish: bytes | None = b"w") -> Member:
        mailbox = MemoryMailbox(
            self.broker, NAMES[place], NAMES[place], recovery_idle_seconds=1.0, faults=self.faults, clock=self.clock
        )
        history = DecisionHistory(self.database, NAMES[place], self.clock)
        ports = Ports(mailbox, self.signer, SqlJournal(self.database, self.clock), history, self.clock)
        return Member(QUESTION, ports, NAMES[place], wish, pace=Pace(1.0, 1.5, 10.0, 0.5))

    async def run(self, members: list[Member], steps: int = 200) -> list[Certificate]:
        """Let everybody take turns until all hold a certificate."""
        for _ in range(steps):
            held = [await member.step(wait_seconds=0.05) for member in members]
            if None not in held and len(set(held)) == 1:
                return [certificate for certificate in held if certificate is not None]
        raise AssertionError("no agreement")


@pytest.fixture
async def stage(inline_database: Database) -> Stage:
    await clear(inline_database)
    return Stage(inline_database)


async def test_members__when_all_is_well__hold_one_certificate_and_its_history(stage: Stage) -> None:
    members = [stage.member(place, b"value %d" % place) for place in range(4)]
    for member in members:
        await member.setup()
    certificates = await stage.run(members)
    require_certificate(certificates[0])
    assert certificates[0].value == b"value 0"
    for name in NAMES:
        record = await DecisionHistory(stage.database, name).get(QUESTION.proposal)
        assert record is not None
        assert record.digest == certificates[0].digest


async def test_members__when_the_first_leader_is_silent__decide_in_a_later_round(stage: Stage) -> None:
    members = [stage.member(place, b"value %d" % place) for place in (1, 2, 3)]
    for member in members:
        await member.setup()
    assert (await stage.run(members))[0].value == b"value 1"


async def test_members__given_a_transport_that_loses_repeats_and_reorders__decide(inline_database: Database) -> None:
    await clear(inline_database)
    stage = Stage(inline_database, Faults(random.Random(3), lose=0.2, duplicate=0.2, reorder=0.3))
    members = [stage.member(place) for place in range(4)]
    for member in members:
        await member.setup()
    await stage.run(members)


async def test_member__when_it_dies_between_vow_and_signature__comes_back_and_says_the_same(stage: Stage) -> None:
    first = sign(Proposal(MEMBERS[0], 0, b"a", None))
    member = stage.member(1)
    await member.setup()
    await publish(stage, encode_message(first))
    stage.signer.is_cut = True
    with pytest.raises(PowerCut):
        await member.step()
    stage.signer.is_cut = False
    again = stage.member(1, b"another wish")
    await again.setup()
    assert again.replica is not None
    assert again.replica.vows.prepare == Prepare(MEMBERS[1], 0, b"a")
    await publish(stage, encode_message(sign(Proposal(MEMBERS[0], 0, b"b", None))))
    await again.step()
    assert again.replica.vows.prepare == Prepare(MEMBERS[1], 0, b"a")
    assert await DecisionHistory(stage.database, NAMES[1]).liars(QUESTION.proposal) == {MEMBERS[0]}


async def test_member__given_bytes_from_anybody__goes_on(stage: Stage) -> None:
    members = [stage.member(place) for place in range(4)]
    forged = encode_message(Prepare(MEMBERS[0], 0, b"x"))
    for junk in (b"", b"{}", b"\xff" * 100, forged, b"x" * 200_000):
        await publish(stage, junk)
    for member in members:
        await member.setup()
    await stage.run(members)
    for name in NAMES:
        assert await DecisionHistory(stage.database, name).liars(QUESTION.proposal) == frozenset()


async def publish(stage: Stage, payload: bytes) -> None:
    mailbox = MemoryMailbox(stage.broker, "anybody", "anybody", clock=stage.clock)
    await mailbox.publish(topic_of(QUESTION), f"id-{random.random()}", payload)
