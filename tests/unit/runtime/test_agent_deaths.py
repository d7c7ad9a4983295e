"""An agent that dies at any point, and any schedule of hires, deaths and reorganisations: every job ends once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.storage.database import Database
from tests.fakes.chain import PASS
from tests.fakes.crash import Crash, Killed
from tests.fakes.deployment import ESCROW
from tests.fakes.inline_sqlite import clear
from tests.unit.runtime.agency import AGENT, PRICE, Agency

pytestmark = pytest.mark.unit
ABI = load_abi("JobEscrow")
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


async def _survive(agency: Agency, crash: Crash, turns: int) -> None:
    """Run turns; what dies is started anew, its lease runs out by the clock."""
    daemon = None
    for _ in range(turns):
        try:
            if daemon is None:
                daemon = await agency.start(Crash() if crash.has_died else crash)
            await daemon.step()
            await agency.finish(daemon)
        except Killed:
            if daemon is not None:
                await _bury(daemon)
            daemon = None
        agency.chain.mine()
        agency.clock.advance(1)


async def _bury(daemon: Any) -> None:
    """What a killed process had under way is gone with it; its crash lets nothing of it through."""
    for task in daemon._running:
        task.cancel()
    await asyncio.gather(*daemon._running, return_exceptions=True)


async def test_restart__of_a_daemon_killed_at_any_point__delivers_each_job_once(
    inline_database: Database, tmp_path: Path
) -> None:
    """One job to be done and one to be declined; every boundary of the whole daemon is a place to die."""
    stride, point, tried = (1 if IS_FULL else 17), 0, 0
    while True:
        await clear(inline_database)
        agency, crash = Agency(inline_database, tmp_path / "scratch"), Crash(point)
        await agency.hire()
        await agency.hire(budget=1)
        await _survive(agency, crash, 18)
        where = f"killed {crash.where} (point {point})"
        assert agency.status(1) is JobStatus.SUBMITTED, where
        assert agency.status(2) is JobStatus.REJECTED, where
        assert agency.job(1).deliverable == await agency.expected_deliverable(1), where
        assert sorted(row.kind for row in await agency.intents()) == ["decline", "submit"], where
        assert len(agency.chain.mined_of(AGENT)) == 2, where
        if not crash.has_died:
            break
        point, tried = point + stride, tried + 1
    assert point > 200
    if target := os.environ.get("AITBC_CRASH_REPORT"):
        with Path(target).open("a") as file:
            file.write(f"{tried} crash points: agent daemon\n")


SCHEDULES = st.lists(
    st.one_of(
        st.tuples(st.just("hire"), st.integers(0, 3)),
        st.tuples(st.just("step"), st.none()),
        st.tuples(st.just("step"), st.none()),
        st.tuples(st.just("killed step"), st.integers(0, 90)),
        st.tuples(st.just("mine"), st.integers(1, 2)),
        st.tuples(st.just("reorg"), st.integers(1, 6)),
        st.tuples(st.just("time"), st.integers(1, 8)),
        st.tuples(st.just("outage"), st.integers(1, 8)),
        st.tuples(st.just("forget"), st.none()),
    ),
    min_size=5,
    max_size=22,
)


@given(schedule=SCHEDULES)
@settings(max_examples=settings().max_examples // 3)
async def test_any_schedule__of_hires_kills_and_reorganisations__ends_every_job_once(
    inline_database: Database, tmp_path: Path, schedule: list[tuple[str, int | None]]
) -> None:
    await clear(inline_database)
    agency = Agency(inline_database, tmp_path / "scratch")
    for action, value in [("hire", 0), *schedule]:
        await _act(agency, action, value or 0)
    agency.node.intercept = None
    await _survive(agency, Crash(), 30)
    jobs = agency.chain.head.state.storage.get(ESCROW, {})
    for job_id in range(1, jobs.get("count", 0) + 1):
        wanted = JobStatus.REJECTED if jobs[job_id].budget < PRICE else JobStatus.SUBMITTED
        assert agency.status(job_id) is wanted, f"job {job_id}"


async def _act(agency: Agency, action: str, number: int) -> None:  # noqa: C901
    match action:
        case "hire":
            await agency.hire(await agency.request(bytes([number])), budget=1 if number == 3 else PRICE)
        case "step" | "killed step":
            crash = Crash(number if action == "killed step" else None)
            try:
                daemon = await agency.start(crash)
                await daemon.step()
                await agency.finish(daemon)
            except Killed:
                await _bury(daemon) if "daemon" in locals() else None
            except NodeUnavailable:
                await _bury(daemon) if "daemon" in locals() else None
        case "mine":
            agency.chain.mine(number)
        case "reorg":
            agency.chain.reorg(number)
        case "time":
            agency.clock.advance(number)
        case "outage":
            left = number

            def away(_method: str, _params: list[Any]) -> Any:
                nonlocal left
                left -= 1
                if left >= 0:
                    raise NodeUnavailable("The node does not answer.")
                return PASS

            agency.node.intercept = away
        case "forget":
            for tx in [tx for tx in agency.chain.mempool.values() if tx.sender == AGENT]:
                del agency.chain.mempool[tx.hash]
