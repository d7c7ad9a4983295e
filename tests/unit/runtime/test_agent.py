"""An agent from a funded job to a submission or a refund, through trouble of every kind."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted, NodeUnavailable
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, JobStatus
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.errors import Fatal
from agents_offchain.runtime.agent.delivery import MOST_LOOKS, RETRY_SECONDS
from agents_offchain.runtime.documents import parse_request
from agents_offchain.runtime.workers.limits import (
    ScratchUnavailable,
    SkillRefused,
    SkillUnavailable,
    WorkerDied,
    WorkerLimitExceeded,
)
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.artifacts.errors import ArtifactCorrupted, StoreUnavailable
from agents_offchain.storage.database import Database, DatabaseUnavailable
from agents_offchain.storage.tables.journal import progress
from tests.fakes.chain import PASS, RpcTrouble
from tests.fakes.crash import Crash, Killed
from tests.fakes.deployment import ESCROW
from tests.fakes.inline_sqlite import clear
from tests.unit.runtime.agency import AGENT, CLIENT, LEASE_SECONDS, PICTURE, PRICE, STRANGER, Agency, plain_skill

pytestmark = pytest.mark.unit
ABI = load_abi("JobEscrow")
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


@pytest.fixture
def agency(database: Database, tmp_path: Path) -> Agency:
    return Agency(database, tmp_path / "scratch")


async def test_job__that_is_hired__is_worked_once_and_submitted(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire()
    await agency.run(daemon)
    assert agency.status() is JobStatus.SUBMITTED
    assert agency.job().deliverable == await agency.expected_deliverable()
    assert agency.runs == 1
    (row,) = await agency.work()
    result = json.loads(await agency.store.get(row.checkpoint["result_cid"], 1 << 20))
    assert result["schema"] == "aitbc.result/1"
    assert result["job"]["job_id"] == "1"
    assert await agency.store.has(result["artifacts"]["annotated"]["cid"])
    assert row.status == "delivered"


async def test_job__that_no_model_fits__is_declined_before_any_work(agency: Agency) -> None:
    agency.against = "No model of this agent fits translate."
    daemon = await agency.start()
    await agency.hire()
    await agency.run(daemon)
    assert agency.status() is JobStatus.REJECTED
    assert agency.runs == 0
    (row,) = await agency.work()
    assert row.error == agency.against
    assert agency.endings == [(row.job_key, "JobRejected")], "how it ended is told to whoever learns, once"


async def test_job__with_everything_known_to_people__leaves_its_stages(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire()
    await agency.run(daemon)
    async with agency.database.read() as connection:
        stages = list((await connection.execute(select(progress.c.stage).order_by(progress.c.id))).scalars())
    assert stages == ["started", "stored", "delivering"]


async def test_jobs__several_at_once__are_all_submitted(agency: Agency) -> None:
    daemon = await agency.start()
    for number in range(4):
        await agency.hire(await agency.request(bytes([number]) * 10))
    await agency.run(daemon, 16)
    assert [agency.status(number) for number in range(1, 5)] == [JobStatus.SUBMITTED] * 4
    assert len({agency.job(number).deliverable for number in range(1, 5)}) == 4
    assert agency.runs == 4


async def test_job__of_another_provider__is_left_alone(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire(provider=STRANGER)
    await agency.run(daemon, 5)
    assert agency.status() is JobStatus.FUNDED
    assert await agency.work() == []


async def test_job__that_was_funded_while_the_agent_was_away__is_taken(agency: Agency) -> None:
    await agency.hire()
    agency.chain.mine(50)
    await agency.run(await agency.start())
    assert agency.status() is JobStatus.SUBMITTED


async def test_job__made_step_by_step_and_funded_later__is_taken_once_it_is_funded(agency: Agency) -> None:
    daemon = await agency.start()
    expiry = agency.chain.head.timestamp + 5000
    description = await agency.request()
    zero, provider = "0x" + "00" * 20, "0x" + AGENT.hex()
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("createJob", zero, provider, expiry, description, zero))
    await agency.run(daemon, 3)
    assert [row.status for row in await agency.work()] == ["open"]
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("setProvider", 1, provider, b""))
    await agency.run(daemon, 3)
    assert [row.status for row in await agency.work()] == ["open"]
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("fund", 1, PRICE, b""))
    await agency.run(daemon)
    assert agency.status() is JobStatus.SUBMITTED


async def test_job__whose_provider_becomes_somebody_else__is_not_ours(agency: Agency) -> None:
    daemon = await agency.start()
    zero, stranger = "0x" + "00" * 20, "0x" + STRANGER.hex()
    expiry = agency.chain.head.timestamp + 5000
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("createJob", zero, zero, expiry, "ipfs://x", zero))
    await agency.run(daemon, 2)
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("setProvider", 1, stranger, b""))
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("fund", 1, PRICE, b""))
    await agency.run(daemon, 6)
    assert (agency.status(), [row.status for row in await agency.work()]) == (JobStatus.FUNDED, ["done"])


async def test_job__with_attachments__is_worked_with_all_its_files(agency: Agency) -> None:
    log = b'{"a": 1}'
    cid = await agency.store.put(log)
    more = {"cid": cid, "media_type": "text/plain", "bytes": len(log), "sha256": sha256(log).hex()}
    daemon = await agency.start()
    seen: list[bytes] = []

    async def skill(inputs: dict[str, bytes]) -> WorkerResult:
        seen.extend(inputs.values())
        return await plain_skill(inputs)

    agency.skill = skill
    await agency.hire(description=await agency.request(attachments=[more]))
    await agency.run(daemon, 8)

    assert agency.status() is JobStatus.SUBMITTED
    assert seen == [PICTURE, log]


async def test_job__whose_attachment_is_another_file__is_declined(agency: Agency) -> None:
    cid = await agency.store.put(b"what was stored")
    more = {"cid": cid, "media_type": "text/plain", "bytes": 15, "sha256": "00" * 32}
    daemon = await agency.start()
    await agency.hire(description=await agency.request(attachments=[more]))
    await agency.run(daemon, 8)

    assert (agency.status(), agency.runs) == (JobStatus.REJECTED, 0)


DECLINES: dict[str, dict[str, Any]] = {
    "too cheap": {"budget": PRICE - 1},
    "too late": {"expired_in": 1030},
    "no request": {"description": "hello"},
    "a request that is a picture": {"description": "picture"},
    "another service": {"request": {"service": "translate"}},
    "an input that is too large": {"request": {"input": {"bytes": 21 << 20}}},
    "an input of other bytes": {"request": {"input": {"sha256": "00" * 32}}},
    "an input of other length": {"request": {"input": {"bytes": 3}}},
    "an unknown criterion": {"request": {"criteria": {"kind": "vibes"}}},
}


@pytest.mark.parametrize("case", DECLINES)
async def test_job__that_is_not_to_be_done__is_declined_with_a_reason(agency: Agency, case: str) -> None:
    terms = dict(DECLINES[case])
    changes = terms.pop("request", None)
    if changes is not None:
        good = parse_request(await agency.store.get((await agency.request()).removeprefix("ipfs://"), 1 << 20))
        changes = {key: {**good.as_dict()[key], **v} if isinstance(v, dict) else v for key, v in changes.items()}
        terms["description"] = await agency.request(**changes)
    if terms.get("description") == "picture":
        terms["description"] = "ipfs://" + await agency.store.put(b"\x00\x01")
    if "expired_in" in terms:
        terms["expired_at"] = agency.chain.head.timestamp + terms.pop("expired_in")
    daemon = await agency.start()
    await agency.hire(**terms)
    await agency.run(daemon, 8)
    assert agency.status() is JobStatus.REJECTED
    (row,) = await agency.work()
    assert (row.status, bool(row.error)) == ("refused", True)
    assert agency.runs == 0


@pytest.mark.parametrize("error", [SkillRefused("The bytes are not a picture."), WorkerLimitExceeded("Too slow.")])
async def test_job__that_the_skill_refuses__is_declined_with_its_words(agency: Agency, error: Exception) -> None:
    async def refuse(_inputs: dict[str, bytes]) -> WorkerResult:
        raise error

    agency.skill = refuse
    daemon = await agency.start()
    await agency.hire()
    await agency.run(daemon, 8)
    (row,) = await agency.work()
    assert (agency.status(), row.error) == (JobStatus.REJECTED, str(error))


@pytest.mark.parametrize(("deaths", "outcome"), [(2, JobStatus.SUBMITTED), (3, JobStatus.REJECTED)])
async def test_job__whose_worker_dies__is_tried_again_and_then_declined(
    agency: Agency, deaths: int, outcome: JobStatus
) -> None:
    async def die(inputs: dict[str, bytes]) -> WorkerResult:
        if agency.runs <= deaths:
            raise WorkerDied("The worker ended with code -9 and no answer.")
        return await plain_skill(inputs)

    agency.skill = die
    daemon = await agency.start()
    await agency.hire()
    await agency.run(daemon, 24)
    assert (agency.status(), agency.runs) == (outcome, min(deaths + 1, 3))


async def test_job__after_a_long_outage__is_not_declined_for_one_death(agency: Agency) -> None:
    async def die_once(inputs: dict[str, bytes]) -> WorkerResult:
        if agency.runs == 1:
            raise WorkerDied("The worker ended.")
        return await plain_skill(inputs)

    agency.skill = die_once
    daemon = await agency.start()
    await agency.hire()
    with _away(agency, StoreUnavailable("The store is away.")):
        await agency.run(daemon, 25)
    await agency.run(daemon, 12)
    assert agency.status() is JobStatus.SUBMITTED


@pytest.mark.parametrize("error", [StoreUnavailable("The store is away."), ScratchUnavailable("The disk is full.")])
async def test_job__during_an_outage_of_ours__waits_and_is_done_afterwards(agency: Agency, error: Exception) -> None:
    daemon = await agency.start()
    await agency.hire()
    with _away(agency, error):
        await agency.run(daemon, 15)
        assert agency.status() is JobStatus.FUNDED
        assert await agency.intents() == []
    await agency.run(daemon)
    assert agency.status() is JobStatus.SUBMITTED


class _away:  # noqa: N801
    """Within this block the artifact store raises an error at every read."""

    def __init__(self, agency: Agency, error: Exception) -> None:
        self._agency, self._error = agency, error

    def __enter__(self) -> None:
        self._get = self._agency.store.get

        async def fail(_cid: str, _max_bytes: int) -> bytes:
            raise self._error

        self._agency.store.get = fail  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self._agency.store.get = self._get  # type: ignore[method-assign]


async def test_job__whose_input_never_comes__is_declined_shortly_before_it_is_due(agency: Agency) -> None:
    daemon = await agency.start()
    missing = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    await agency.hire("ipfs://" + missing, expired_at=agency.chain.head.timestamp + 1100)
    await agency.run(daemon, 20)
    assert agency.status() is JobStatus.FUNDED
    await agency.run(daemon, 80)
    assert agency.status() is JobStatus.REJECTED


async def test_job__whose_store_lies__is_frozen_and_others_go_on(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire()
    with _away(agency, ArtifactCorrupted("Other bytes were served.")):
        await agency.run(daemon, 4)
    await agency.hire()
    await agency.run(daemon)
    assert [row.status for row in await agency.work()] == ["dead", "delivered"]
    assert (agency.status(1), agency.status(2)) == (JobStatus.FUNDED, JobStatus.SUBMITTED)


async def test_job__on_a_machine_without_the_model__stops_the_daemon_and_keeps_the_job(agency: Agency) -> None:
    async def missing(_inputs: dict[str, bytes]) -> WorkerResult:
        raise SkillUnavailable("The model nanodet is missing.", mend="Run `make setup`.")

    agency.skill = missing
    daemon = await agency.start()
    await agency.hire()
    with pytest.raises(Fatal, match="nanodet is missing"):
        await agency.run(daemon, 6)
    agency.skill = plain_skill
    agency.clock.advance(LEASE_SECONDS + 1)
    await agency.run(await agency.start())
    assert agency.status() is JobStatus.SUBMITTED


async def test_job__when_the_node_refuses_for_reasons_of_its_own__is_not_declined(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire()
    is_lost = True

    def lose(method: str, params: list[Any]) -> Any:
        if is_lost and method == "eth_call" and params[1] == "latest":
            raise RpcTrouble(-32000, "header not found")
        return PASS

    agency.node.intercept = lose
    await agency.run(daemon, 8)
    assert await agency.intents() == []
    is_lost = False
    await agency.run(daemon)
    assert agency.status() is JobStatus.SUBMITTED


async def test_job__that_ended_before_it_was_done__is_not_submitted(agency: Agency) -> None:
    gate = asyncio.Event()

    async def slow(inputs: dict[str, bytes]) -> WorkerResult:
        await gate.wait()
        return await plain_skill(inputs)

    agency.skill = slow
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    await daemon.step()
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("noShow", 1))
    agency.chain.mine()
    gate.set()
    await agency.run(daemon, 6)
    assert agency.status() is JobStatus.EXPIRED
    assert [row.status for row in await agency.intents()] == ["failed"]


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


# --- reorganisations


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


class Behind:
    """An escrow read through a node that does not know the job yet, so many times.

    Args:
        meanwhile: Happens during each such look.
    """

    def __init__(self, escrow: JobEscrowProxy, looks: int, meanwhile: Callable[[], Awaitable[Any]]) -> None:
        self._escrow, self._left, self._meanwhile = escrow, looks, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._escrow, name)

    async def job(self, job_id: int, **options: Any) -> Any:
        if self._left:
            self._left -= 1
            await self._meanwhile()
            raise ContractReverted(f"The contract refused: JobEscrow_UnknownJob(jobId={job_id}).")
        return await self._escrow.job(job_id, **options)


async def _nothing_happens() -> None:
    """The node is behind, and that is all."""


async def test_job__that_a_node_behind_the_others_does_not_know_yet__is_delivered_once_it_does(agency: Agency) -> None:
    daemon = await agency.start()
    daemon.delivery.escrow = Behind(daemon.delivery.escrow, MOST_LOOKS - 1, _nothing_happens)  # type: ignore[assignment]
    await agency.hire()
    await agency.run(daemon, 4 * MOST_LOOKS)
    assert agency.status() is JobStatus.SUBMITTED


@pytest.mark.parametrize("looks_before", [0, MOST_LOOKS - 1])
async def test_reorganisation__whose_job_returns_between_the_last_look_and_giving_up__delivers_it(
    agency: Agency, looks_before: int
) -> None:
    """Its fact comes back while the job is in hand: it cannot wake it then, and must keep it from being ended."""
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    (hire,) = agency.chain.mined_of(CLIENT)
    await daemon.watcher.step()
    await daemon.intake.step(block=1)
    agency.chain.reorg(1, drop=True, empty=True)
    agency.chain.forget_mempool()

    async def it_returns() -> None:
        agency.chain.broadcast(hire.raw)
        agency.chain.mine()
        while not (await daemon.watcher.step()).is_caught_up:
            pass
        await daemon.intake.step(block=agency.chain.head.number)

    plain = daemon.delivery.escrow
    for _ in range(looks_before):
        agency.clock.advance(RETRY_SECONDS + 1)
        item = await daemon.queue.lease("agent:1")
        assert item is not None
        await daemon.delivery.fulfil(item, "agent:1")
    daemon.delivery.escrow = Behind(plain, 1, it_returns)  # type: ignore[assignment]
    agency.clock.advance(RETRY_SECONDS + 1)
    item = await daemon.queue.lease("agent:1")
    assert item is not None
    await daemon.delivery.fulfil(item, "agent:1")
    await agency.run(daemon, 20)
    assert agency.status() is JobStatus.SUBMITTED


async def test_reorganisation__whose_job_never_returns__is_given_up_and_taken_up_should_it_return_at_last(
    agency: Agency,
) -> None:
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    (hire,) = agency.chain.mined_of(CLIENT)
    await daemon.watcher.step()
    await daemon.intake.step(block=1)
    agency.chain.reorg(1, drop=True, empty=True)
    agency.chain.forget_mempool()
    await agency.run(daemon, 4 * MOST_LOOKS)
    assert [row.status for row in await agency.work()] == ["done"]
    agency.chain.broadcast(hire.raw)
    await agency.run(daemon)
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


async def test_job__whose_end_is_on_the_chain__is_done(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("noShow", 1))
    agency.chain.mine()
    await agency.run(daemon, 3)
    assert [row.status for row in await agency.work()] == ["done"]
    assert agency.runs == 0


# --- crashes


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
