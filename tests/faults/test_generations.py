"""A market on its way to new contracts: one set of daemons serves the jobs of both, until the old one is empty."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import select

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.cli import development_policy, market
from agents_offchain.cli.development import ensure_development_keys
from agents_offchain.cli.generations import read_generations
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.indexer.rebuild import verify
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.storage.tables.read_model import jobs, verdicts
from tests.faults.client import WEALTH, Client, Hired
from tests.faults.house import ROLES, House
from tests.faults.judge import BPS, ONCE, Judge
from tests.faults.story import Stage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
JOBS = 2
LONGEST_REVIEW_SECONDS = 120


async def move_on(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Open the market of a release with other terms over the one that is there; the house as the new one sees it."""
    keys = ensure_development_keys(key_folder(house.settings), passphrase_file(house.settings))
    old_plan = market.local_plan(keys)
    plan = dataclasses.replace(old_plan, policy=dataclasses.replace(old_plan.policy, review_seconds=90))
    for module in (market, development_policy):
        monkeypatch.setattr(module, "local_plan", lambda addresses: plan)
    known = load_deployment(house.settings.deployment_file).addresses()
    development_policy.ensure_development_policy(key_folder(house.settings), keys, known=known)
    await house.node.request("evm_setAutomine", True)
    control = ChainControl(house.node, SystemClock())
    newer = copy.copy(house)
    newer.market = await market.open_market(house.settings, house.node, house.artifacts_url, control)
    newer.deployment = load_deployment(house.settings.deployment_file)
    await house.node.request("evm_setAutomine", False)
    return newer


class Side:
    """One generation as its client sees it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.stage = Stage(house)
        self.hired: list[Hired] = []

    @property
    def client(self) -> Client:
        return self.stage.client

    async def hire(self) -> None:
        await self.stage.set()
        self.hired = await self.client.hire_at_once(JOBS)

    async def until_judged(self) -> None:
        for job in self.hired:

            async def is_judged(job_id: int = job.job_id) -> bool:
                return await self.stage.oracle.verdict(job_id) is not None

            await self.house.until(is_judged, f"job {job.job_id} has its verdict")

    async def fee(self) -> int:
        policy = await self.stage.judge._escrow.policy(self.house.deployment.policy_id)
        return int(self.house.market.listings[0].price) * policy.fee_bps // BPS


async def test_daemons__with_open_jobs_in_two_generations__have_every_job_paid_once_and_leave_the_old_one(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(short_folder)
    try:
        await house.open()
        await house.start_all()
        house.hold("agent")
        old = Side(house)
        await old.hire()
        new = Side(await move_on(house, monkeypatch))
        assert (new.house.deployment.generation, [each.generation for each in new.house.deployment.older]) == (2, [1])
        assert new.house.market.agent_id == house.market.agent_id, "the agent keeps its id"
        for name in ROLES:
            house.kill(name)
        await house.start_all()
        await new.hire()
        assert [job.job_id for job in new.hired] == [job.job_id for job in old.hired], "the ids of both are the same"
        await new.client.until_status(new.hired[0].job_id, JobStatus.SUBMITTED)
        house.kill("agent")
        house.start_daemon("agent")
        for side in (old, new):
            await side.until_judged()
        await house.pass_time(LONGEST_REVIEW_SECONDS + 1)
        for side in (old, new):
            for job in side.hired:
                await side.client.until_status(job.job_id, JobStatus.COMPLETED)
        await until_at_rest(new)
        await judge(old, new)
        await until_told(house, "agent", "publisher", "reporter-1")
        told = await read_generations(house.settings)
        assert [(one.generation, one.open_jobs, one.is_newest) for one in told] == [(2, 0, True), (1, 0, False)]
    finally:
        await house.close()


async def until_at_rest(side: Side) -> None:
    async def is_at_rest() -> bool:
        return not await side.stage.judge._open_rows()

    await side.house.until(is_at_rest, "the daemons are at rest")


async def judge(old: Side, new: Side) -> None:
    """Every job went its way once, at its own escrow; money and tables are right."""
    for side in (old, new):
        looked: Judge = side.stage.judge
        for job in side.hired:
            counts = await looked._events(job.job_id)
            assert [counts[name] for name in ONCE] == [1] * len(ONCE), (side.house.deployment.generation, job.job_id)
        submissions = looked.submissions(await looked.transactions(0))
        assert submissions == {job.job_id: 1 for job in side.hired}
    house = new.house
    token = TokenProxy(house.node, house.deployment.address("TestDollar"))
    price = int(house.market.listings[0].price)
    fees = {side: await side.fee() for side in (old, new)}
    assert await token.balance(house.market.agent_wallet) == sum(JOBS * (price - fee) for fee in fees.values())
    for side, fee in fees.items():
        assert await token.balance(side.house.deployment.address("JobEscrow")) == JOBS * fee
        assert await token.balance(side.client.address) == WEALTH - JOBS * price

    async def is_equal() -> bool:
        head = await house.node.block_number()
        result = await verify(house.database, house.node, house.deployment)
        return result.block_number >= head and result.is_equal

    await house.until(is_equal, "the tables equal a rebuild", is_mining=False)
    async with house.database.read() as connection:
        query = select(jobs.c.generation, jobs.c.job_id, jobs.c.status).order_by(jobs.c.generation, jobs.c.job_id)
        rows = [tuple(row) for row in await connection.execute(query)]
        judged = {tuple(row) for row in await connection.execute(select(verdicts.c.generation, verdicts.c.job_id))}
    named = [(generation, number) for generation in (1, 2) for number in range(1, JOBS + 1)]
    assert rows == [(*name, "completed") for name in named]
    assert judged == set(named)


async def until_told(house: House, *names: str) -> None:
    async def is_told() -> bool:
        return all("generation_empty" in house._log(name).read_text(errors="replace") for name in names)

    await house.until(is_told, "every daemon says once that the old generation is empty")
