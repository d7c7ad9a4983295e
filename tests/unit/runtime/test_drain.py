"""Drain: what was the agent's is finished, what comes later is refunded at once, whatever dies in between."""

from __future__ import annotations

import pytest

from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.runtime.agent.orders import DRAIN, RESUME
from agents_offchain.storage.commands import CommandBook
from tests.unit.runtime.agency import Agency

pytestmark = pytest.mark.unit


async def order(agency: Agency, kind: str) -> None:
    await CommandBook(agency.database, agency.clock).ask("agent", kind, by="a test")


async def test_drain__under_a_backlog__finishes_it_and_declines_what_comes_later(agency: Agency) -> None:
    daemon = await agency.start()
    for number in range(3):
        await agency.hire(await agency.request(bytes([number]) * 10))
    agency.chain.mine()
    agency.clock.advance(1)
    await agency.turn(daemon)
    await order(agency, DRAIN)
    assert (await agency.turn(daemon)).detail == "draining, 2 in hand"
    await agency.hire(await agency.request(b"late"))
    await agency.run(daemon, 16)
    assert [agency.status(number) for number in range(1, 5)] == [*[JobStatus.SUBMITTED] * 3, JobStatus.REJECTED]
    assert agency.runs == 3
    assert (await agency.turn(daemon)).detail == "drained"


async def test_drain__when_the_agent_is_killed_and_started_again__still_holds_until_it_is_ended(agency: Agency) -> None:
    daemon = await agency.start()
    await order(agency, DRAIN)
    await agency.turn(daemon)
    again = await agency.start()
    await agency.hire()
    await agency.run(again)
    assert agency.status() is JobStatus.REJECTED
    await order(agency, RESUME)
    await agency.hire(await agency.request(b"another"))
    await agency.run(again)
    assert agency.status(2) is JobStatus.SUBMITTED
    assert (await agency.turn(again)).detail == ""


async def test_order__that_an_agent_does_not_know__is_refused_and_changes_nothing(agency: Agency) -> None:
    daemon = await agency.start()
    book = CommandBook(agency.database, agency.clock)
    await book.ask("agent", "dance", by="a test")
    await book.ask("agent.scout", DRAIN, by="a test")
    await agency.hire()
    await agency.run(daemon)
    assert agency.status() is JobStatus.SUBMITTED
    newest = await book.newest("agent", ["dance"], is_handled=False)
    assert newest is not None
    assert newest.status == "refused"
    assert [command.kind for command in await book.pending("agent.scout")] == [DRAIN]
