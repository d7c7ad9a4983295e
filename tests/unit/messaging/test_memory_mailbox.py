from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.mailbox import Mailbox
from agents_offchain.messaging.memory import Faults, MemoryBroker, MemoryMailbox
from agents_offchain.primitives.clock import ManualClock
from tests.unit.messaging.mailbox_contract import TOPIC, MailboxContract, OpenMailbox, payloads

pytestmark = pytest.mark.unit


class TestMemoryMailbox(MailboxContract):
    @pytest.fixture
    def open_mailbox(self, manual_clock: ManualClock) -> OpenMailbox:
        broker = MemoryBroker()

        def open_one(group: str, consumer: str, *, recovery_idle_seconds: float = 30.0) -> Mailbox:
            return MemoryMailbox(
                broker, group, consumer, recovery_idle_seconds=recovery_idle_seconds, clock=manual_clock
            )

        return open_one


async def test_publish__when_the_server_is_down__says_so(manual_clock: ManualClock) -> None:
    broker = MemoryBroker()
    broker.is_down = True
    with pytest.raises(BusUnavailable):
        await MemoryMailbox(broker, "g", "c", clock=manual_clock).publish(TOPIC, "a", b"a")


@given(
    seed=st.integers(0, 2**32),
    lose=st.floats(0, 0.9),
    duplicate=st.floats(0, 1),
    reorder=st.floats(0, 1),
    count=st.integers(1, 40),
)
async def test_receive__given_a_lossy_transport__gives_everything_in_the_end(
    seed: int, lose: float, duplicate: float, reorder: float, count: int
) -> None:
    clock, broker = ManualClock(), MemoryBroker()
    faults = Faults(random.Random(seed), lose=lose, duplicate=duplicate, reorder=reorder)
    mailbox = MemoryMailbox(broker, "g", "c", recovery_idle_seconds=1.0, faults=faults, clock=clock)
    for number in range(count):
        await mailbox.publish(TOPIC, f"m{number}", b"%d" % number)
    seen: Counter[bytes] = Counter()
    for _ in range(400):
        found = await mailbox.receive(TOPIC, limit=7)
        seen.update(payloads(found))
        await mailbox.acknowledge(TOPIC, found)
        clock.advance(2.0)
    assert set(seen) == {b"%d" % number for number in range(count)}
    assert await mailbox.receive(TOPIC) == []


async def test_receive__when_the_server_lost_everything__starts_again_with_what_comes(
    manual_clock: ManualClock,
) -> None:
    broker = MemoryBroker()
    mailbox = MemoryMailbox(broker, "g", "c", clock=manual_clock)
    await mailbox.publish(TOPIC, "a", b"a")
    await mailbox.receive(TOPIC)
    broker.wipe()
    await mailbox.publish(TOPIC, "a", b"a")
    assert payloads(await mailbox.receive(TOPIC)) == [b"a"]
