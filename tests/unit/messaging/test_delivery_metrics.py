"""What a host says of its messages, and what is believed of what others say."""

from __future__ import annotations

import pytest

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.metrics import DeliveryMetrics, HostMetrics, read_metrics, write_metrics
from agents_offchain.messaging.protocols.bundle import MAX_BUNDLE_BYTES, unpack
from agents_offchain.messaging.protocols.session import Session, SessionBook
from agents_offchain.messaging.protocols.voices import Voices, read_voices
from tests.unit.messaging.host_world import DOMAIN, World, echo_agent

pytestmark = pytest.mark.unit


async def test_observe_all__of_two_hosts__tells_of_both() -> None:
    world = World()
    one = await world.start("one", echo_agent())
    asker = Agent("asker", key="asker")
    two = await world.start("two", asker)
    try:
        await asker.ask("echo", "echo/1", 1)
        await one._renew()
        seen = await two.observe_all()
        assert set(seen) == {"one", "two"}
        assert (seen["two"].counts["sent"], seen["one"].counts["delivered"]) == (1, 1)
        assert seen["two"].queued == {"urgent": 0, "normal": 0, "bulk": 0}
        assert seen["two"].circuits == {"open": 0, "half_open": 0}
    finally:
        await world.close()


def test_read_metrics__of_what_a_stranger_wrote__is_nothing_when_it_cannot_be_read() -> None:
    said = HostMetrics(counts={"sent": 3}, outbound=1)
    assert read_metrics(write_metrics(said)) == said
    assert read_metrics(b"junk") == HostMetrics()


def test_snapshot__of_counts_and_times__names_both() -> None:
    metrics = DeliveryMetrics()
    metrics.count("sent", 2)
    for milliseconds in (1.0, 2.0, 3.0):
        metrics.took(milliseconds)
    assert metrics.snapshot() == {"sent": 2.0, "latency_p50_ms": 2.0, "latency_p99_ms": 3.0}


@pytest.mark.parametrize("data", [b"", b"x" * 64, b"x" * (MAX_BUNDLE_BYTES + 65)])
def test_bundle__of_a_size_that_none_has__is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        unpack(SessionBook(Session.fresh(), DOMAIN), data)


def test_voices__too_many_for_one_message__are_said_in_several_with_their_failures() -> None:
    agents = [f"s-{number}@0x{number:040x}" for number in range(8)]
    wallets = frozenset(bytes(19) + bytes([number]) for number in range(8))
    bodies = list(Voices(agents, ["x" * 60_000] * 7 + [None], {7: b'"no"'}).parts())
    assert len(bodies) > 1
    parts = [read_voices(body, wallets) for body in bodies]
    assert [agent for part in parts for agent in part.agents] == agents
    assert [list(part.failures.values()) for part in parts][-1] == [b'"no"']
