"""Blocks are taken back under an agent, or its node is behind: each job is delivered once, whatever was read then."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import LATEST
from agents_offchain.chain.proxies.job_escrow import Job, JobEscrowProxy, JobStatus
from agents_offchain.primitives.canonical import sha256
from agents_offchain.runtime.agent.daemon import AgentDaemon
from tests.fakes.deployment import ESCROW
from tests.unit.runtime.agency import AGENT, CLIENT, PRICE, STRANGER, Agency

pytestmark = pytest.mark.unit
ABI = load_abi("JobEscrow")
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


@pytest.mark.parametrize("turns", range(1, 9))
@pytest.mark.parametrize("empty", [True, False])
async def test_reorganisation__under_a_job_in_any_state__ends_with_one_submission(
    agency: Agency, turns: int, empty: bool
) -> None:
    daemon = await agency.start()
    await agency.hire()
    await agency.run(daemon, turns)
    agency.chain.reorg(agency.chain.head.number, empty=empty)
    await agency.run(daemon, 20)
    assert agency.status() is JobStatus.SUBMITTED
    assert agency.job().deliverable == await agency.expected_deliverable()
    assert len(agency.chain.mined_of(AGENT)) == 1


async def test_reorganisation__that_takes_the_job_while_its_submission_is_simulated__delivers_when_it_returns(
    agency: Agency,
) -> None:
    """The simulation fails without the job, which fails the intent; the fact that comes back plans it anew."""
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    (hire,) = agency.chain.mined_of(CLIENT)
    await daemon.step()
    await agency.finish(daemon)
    agency.chain.reorg(1, drop=True, extra=0)
    await agency.run(daemon, 4)
    assert [row.status for row in await agency.intents()] == ["failed"]
    agency.chain.broadcast(hire.raw)
    await agency.run(daemon)
    assert agency.status() is JobStatus.SUBMITTED
    assert agency.runs == 1


async def _seen_and_taken_back(agency: Agency, daemon: AgentDaemon) -> bytes:
    """The bytes of a hire that the agent knows of and the chain no longer has."""
    await agency.hire()
    agency.chain.mine()
    (hire,) = agency.chain.mined_of(CLIENT)
    await daemon.watcher.step()
    await daemon.intake.step(block=1)
    agency.chain.reorg(1, drop=True, empty=True)
    agency.chain.forget_mempool()
    return hire.raw


class Behind(JobEscrowProxy):
    """An escrow read through a node that does not know the job yet, so many times.

    Args:
        meanwhile: Happens during each such look.
    """

    def __init__(self, agency: Agency, looks: int, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(cast(Any, agency.node), ESCROW)
        self._left, self._meanwhile = looks, meanwhile

    async def job(self, job_id: int, *, block: int | str = LATEST) -> Job:
        if self._left:
            self._left -= 1
            await self._meanwhile()
            raise ContractReverted(f"The contract refused: JobEscrow_UnknownJob(jobId={job_id}).")
        return await super().job(job_id, block=block)


async def _nothing_happens() -> None:
    """The node is behind, and that is all."""


async def test_job__that_a_node_behind_the_others_does_not_know_for_long__is_delivered_once_it_does(
    agency: Agency,
) -> None:
    daemon = await agency.start()
    daemon.delivery.escrow = Behind(agency, 15, _nothing_happens)
    await agency.hire()
    await agency.run(daemon, 70)
    assert agency.status() is JobStatus.SUBMITTED


async def test_reorganisation__whose_job_returns_while_it_is_in_hand__delivers_it(agency: Agency) -> None:
    """The holder has read that there is no such job; its fact comes back before that is written down."""
    daemon = await agency.start()
    hire = await _seen_and_taken_back(agency, daemon)

    async def it_returns() -> None:
        agency.chain.broadcast(hire)
        agency.chain.mine()
        while not (await daemon.watcher.step()).is_caught_up:
            pass
        await daemon.intake.step(block=agency.chain.head.number)

    daemon.delivery.escrow = Behind(agency, 1, it_returns)
    item = await daemon.queue.lease("agent:1")
    assert item is not None
    await daemon.delivery.fulfil(item, "agent:1")
    await agency.run(daemon, 20)
    assert agency.status() is JobStatus.SUBMITTED


async def test_reorganisation__whose_job_stays_away__ends_it_and_takes_it_up_should_it_return_at_last(
    agency: Agency,
) -> None:
    daemon = await agency.start()
    hire = await _seen_and_taken_back(agency, daemon)
    await agency.run(daemon)
    assert [row.status for row in await agency.work()] == ["done"]
    daemon.delivery.escrow = Behind(agency, 2, _nothing_happens)
    agency.chain.broadcast(hire)
    await agency.run(daemon, 20)
    assert agency.status() is JobStatus.SUBMITTED


async def test_reorganisation__that_gives_the_number_to_another_job__does_that_one(agency: Agency) -> None:
    daemon = await agency.start()
    first, second = await agency.request(b"one"), await agency.request(b"two")
    await agency.hire(first)
    agency.chain.mine()
    await daemon.step()
    await agency.finish(daemon)
    agency.chain.reorg(1, drop=True, empty=True)
    agency.chain.forget_mempool()
    await agency.hire(second, client=STRANGER)
    await agency.run(daemon)
    (row,) = await agency.work()
    assert (row.terms["description"], row.terms["job_id"]) == (second, 1)
    assert agency.status() is JobStatus.SUBMITTED
    result = json.loads(await agency.store.get(row.checkpoint["result_cid"], 1 << 20))
    assert result["output"]["digest"] == sha256(b"two").hex()
    assert agency.job().deliverable == await agency.expected_deliverable()


async def test_reorganisation__that_swaps_the_numbers_of_two_jobs__does_each_under_its_new_number(
    agency: Agency,
) -> None:
    daemon = await agency.start()
    first, second = await agency.request(b"one"), await agency.request(b"two")
    await agency.hire(first, client=CLIENT)
    agency.chain.mine()
    await agency.hire(second, client=STRANGER)
    agency.chain.mine()
    hires = agency.chain.mined_of(CLIENT) + agency.chain.mined_of(STRANGER)
    await daemon.watcher.step()
    await daemon.intake.step(block=2)
    agency.chain.reorg(2, drop=True, empty=True)
    agency.chain.broadcast(hires[1].raw)
    agency.chain.mine()
    agency.chain.broadcast(hires[0].raw)
    await agency.run(daemon, 16)
    digests = {}
    for row in await agency.work():
        result = json.loads(await agency.store.get(row.checkpoint["result_cid"], 1 << 20))
        digests[row.terms["job_id"]] = result["output"]["digest"]
        assert agency.job(row.terms["job_id"]).deliverable == await agency.expected_deliverable(row.terms["job_id"])
    assert digests == {1: sha256(b"two").hex(), 2: sha256(b"one").hex()}


async def test_job__that_was_declined_and_taken_back__is_declined_again(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire(budget=PRICE - 1)
    await agency.run(daemon, 6)
    assert agency.status() is JobStatus.REJECTED
    agency.chain.reorg(agency.chain.head.number, empty=True)
    await agency.run(daemon)
    assert agency.status() is JobStatus.REJECTED
    assert len(agency.chain.mined_of(AGENT)) == 1
