"""An agent from a funded job to a submission or a refund, through trouble of every kind."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest
from sqlalchemy import select

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.errors import Fatal
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
from agents_offchain.storage.tables.journal import progress
from tests.fakes.chain import PASS, RpcTrouble
from tests.fakes.deployment import ESCROW
from tests.unit.runtime.agency import AGENT, CLIENT, LEASE_SECONDS, PICTURE, PRICE, STRANGER, Agency, plain_skill

pytestmark = pytest.mark.unit
ABI = load_abi("JobEscrow")
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


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


async def test_job__whose_end_is_on_the_chain__is_done(agency: Agency) -> None:
    daemon = await agency.start()
    await agency.hire()
    agency.chain.mine()
    agency.chain.transact(CLIENT, ESCROW, ABI.encode_call("noShow", 1))
    agency.chain.mine()
    await agency.run(daemon, 3)
    assert [row.status for row in await agency.work()] == ["done"]
    assert agency.runs == 0
