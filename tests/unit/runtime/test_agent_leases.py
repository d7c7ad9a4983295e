"""A job in hand is held by a lease: renewed, given back, never two agents' at once."""

from __future__ import annotations

import asyncio
import os

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.database import DatabaseUnavailable
from tests.unit.runtime.agency import AGENT, Agency, plain_skill

pytestmark = pytest.mark.unit
ABI = load_abi("JobEscrow")
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


async def test_lease__while_a_skill_runs_longer_than_it__is_renewed(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another daemon of the same agent finds nothing to take, however long the skill takes."""
    gate = asyncio.Event()

    async def slow(inputs: dict[str, bytes]) -> WorkerResult:
        await gate.wait()
        return await plain_skill(inputs)

    agency.skill = slow
    daemon = await agency.start()
    daemon.queue.lease_seconds = 0.03
    await agency.hire()
    agency.chain.mine()
    await daemon.step()
    second = await agency.start()
    for _ in range(4):
        agency.clock.advance(0.04)
        while (await agency.work())[0].lease_until <= agency.clock.now_seconds():
            await asyncio.sleep(0.005)
        assert await second.queue.lease("second") is None
    gate.set()
    await agency.finish(daemon)
    await agency.run(daemon, 6)
    assert (agency.status(), agency.runs) == (JobStatus.SUBMITTED, 1)


async def test_lease__when_the_database_is_away_for_a_moment__is_still_renewed(agency: Agency) -> None:
    daemon = await agency.start()
    renewals = 0

    async def renew(_owner: str, _key: str) -> None:
        nonlocal renewals
        renewals += 1
        raise DatabaseUnavailable("The database is locked.")

    daemon.queue.lease_seconds = 0.003
    daemon.delivery.queue.renew = renew  # type: ignore[method-assign]

    async def wait_for_renewals(inputs: dict[str, bytes]) -> WorkerResult:
        while renewals < 3:
            await asyncio.sleep(0.001)
        return await plain_skill(inputs)

    agency.skill = wait_for_renewals
    await agency.hire()
    await agency.run(daemon, 6)
    assert agency.status() is JobStatus.SUBMITTED


async def test_close__with_a_job_in_hand__gives_it_back_at_once(agency: Agency) -> None:
    started = asyncio.Event()

    async def endless(_inputs: dict[str, bytes]) -> WorkerResult:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    agency.skill = endless
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    await daemon.step()
    await started.wait()
    await daemon.close()
    agency.skill = plain_skill
    await agency.run(await agency.start(), 6)
    assert agency.status() is JobStatus.SUBMITTED


async def test_two_daemons__of_one_agent__submit_each_job_once(agency: Agency) -> None:
    first, second = await agency.start(), await agency.start()
    for number in range(3):
        await agency.hire(await agency.request(bytes([number]) * 10))
    for _ in range(14):
        await agency.turn(first)
        await second.step()
        await agency.finish(second)
    assert [agency.status(number) for number in (1, 2, 3)] == [JobStatus.SUBMITTED] * 3
    assert agency.runs == 3
    assert len(agency.chain.mined_of(AGENT)) == 3
