"""Reporters, publisher and keeper as they are wired, against the real contracts and a real message server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, JobStatus
from agents_offchain.chain.proxies.result_oracle import ResultOracleProxy
from agents_offchain.messaging.streams import StreamMailbox
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.runtime.daemon import Daemon
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import outbox
from agents_offchain.storage.tables.verdicts import oracle_cases
from oracle.cli import OracleSurroundings, build_publisher, build_reporter, open_mailbox
from oracle.reporter import ReporterSettings
from tests.integration.messaging.conftest import EmbeddedValkey, valkey  # noqa: F401 (a fixture)
from tests.integration.oracle.market import Market, open_market
from tests.unit.oracle.documents import PICTURE, output, request_document, result_fields, worker_result

pytestmark = pytest.mark.integration
REPORTERS = ("reporter-1", "reporter-2", "reporter-3")
VERDICT_SECONDS, REVIEW_SECONDS = 600, 120


class Asleep:
    """A sender that sends nothing."""

    async def step(self) -> int:
        return 0

    async def reopen_above(self, block_number: int) -> int:
        return 0


class ShiftedClock(SystemClock):
    """The system's clock, moved on by hand."""

    shift = 0.0

    def now_seconds(self) -> float:
        return super().now_seconds() + self.shift

    def advance(self, seconds: float) -> None:
        self.shift += seconds


async def is_planned(database: Database, status: str = "planned") -> bool:
    """Whether a verdict is in the outbox with this status."""
    async with database.read() as connection:
        rows = (await connection.execute(select(outbox.c.status).where(outbox.c.kind == "verdict"))).all()
    return [row.status for row in rows] == [status]


async def is_begun_again(database: Database) -> bool:
    """Whether the publisher has taken note that a verdict was refused; only then its pause runs."""
    async with database.read() as connection:
        rows = (await connection.execute(select(oracle_cases.c.notes))).all()
    return any(row.notes.get("tries", 0) for row in rows)


class Oracle:
    """The wired daemons of one market."""

    def __init__(self, market: Market, database: Database, redis_url: str) -> None:
        self.market = market
        self.artifacts = MemoryArtifactStore()
        self.clock = ShiftedClock()
        self.around = OracleSurroundings(
            node=market.node,
            database=database,
            deployment=market.deployment,
            signer=market.ring,  # type: ignore[arg-type]
            clock=self.clock,
        )
        self.redis_url = redis_url
        self.mailboxes: dict[str, StreamMailbox] = {}
        self.liars: set[str] = set()
        self.escrow = JobEscrowProxy(market.node, self.around.escrow)
        self.contract = ResultOracleProxy(market.node, self.around.oracle)
        self.daemons: list[Daemon] = []

    async def start(self, *reporters: str) -> None:
        """Wire the publisher and these reporters."""
        settings = ReporterSettings(reveal_after_seconds=0.3, listen_seconds=0.02)
        self.daemons = [
            build_reporter(
                self.around,
                self._mailbox(name),
                self.artifacts,
                self._runner(name),
                name=name,
                key=name,
                settings=settings,
            )
            for name in reporters
        ]
        self.daemons.append(await build_publisher(self.around, self._mailbox("publisher"), key="keeper"))
        for daemon in self.daemons:
            await daemon.setup()

    async def job(self, *, is_honest: bool = True) -> int:
        """A submitted job."""
        input_cid = await self.artifacts.put(PICTURE)
        request_cid = await self.artifacts.put(request_document(input_cid))
        job_id = await self.market.hire(f"ipfs://{request_cid}")
        fields = result_fields(job_id, request_cid, output=output() if is_honest else output(text=[]))
        fields["job"]["escrow"] = "0x" + self.around.escrow.hex()
        document = canonical_json(fields)
        await self.artifacts.put(document)
        await self.market.submit(job_id, sha256(document))
        return job_id

    async def run_until(self, holds: Callable[[], Awaitable[bool]], rounds: int = 120) -> None:
        for _ in range(rounds):
            for daemon in self.daemons:
                await daemon.step()
            if await holds():
                return
        pytest.fail("it did not come to pass")

    async def is_posted(self, job_id: int) -> bool:
        return await self.contract.verdict(job_id) is not None

    async def is_in(self, job_id: int, status: JobStatus) -> bool:
        return (await self.escrow.job(job_id)).status == status

    async def close(self) -> None:
        for mailbox in self.mailboxes.values():
            await mailbox.close()

    def _mailbox(self, name: str) -> StreamMailbox:
        return self.mailboxes.setdefault(name, open_mailbox(self.redis_url, name, self.clock))

    def _runner(self, name: str) -> Any:
        async def run_skill(
            service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
        ) -> WorkerResult:
            return worker_result(objects=[]) if name in self.liars else worker_result()

        return run_skill


@pytest.fixture
async def oracle(database: Database, valkey: EmbeddedValkey) -> AsyncIterator[Oracle]:  # noqa: F811
    async with open_market() as market:
        opened = Oracle(market, database, valkey.spec.url)
        yield opened
        await opened.close()


async def test_job__given_honest_work_and_one_lying_reporter__is_posted_and_paid(oracle: Oracle) -> None:
    oracle.liars.add("reporter-2")
    job_id = await oracle.job()
    await oracle.start(*REPORTERS)
    await oracle.run_until(lambda: oracle.is_posted(job_id))
    posted = await oracle.contract.verdict(job_id)
    assert posted is not None
    assert posted.score == 100
    await oracle.market.advance(REVIEW_SECONDS + 5)
    await oracle.run_until(lambda: oracle.is_in(job_id, JobStatus.COMPLETED))


async def test_job__given_false_work__is_posted_and_refunded(oracle: Oracle) -> None:
    job_id = await oracle.job(is_honest=False)
    await oracle.start(*REPORTERS)
    await oracle.run_until(lambda: oracle.is_posted(job_id))
    await oracle.market.advance(REVIEW_SECONDS + 5)
    await oracle.run_until(lambda: oracle.is_in(job_id, JobStatus.REJECTED))


async def test_jobs__given_silent_reporters__are_settled_in_one_batch(oracle: Oracle, database: Database) -> None:
    job_ids = [await oracle.job() for _ in range(5)]
    await oracle.start()
    await oracle.market.advance(VERDICT_SECONDS + REVIEW_SECONDS + 60)
    await oracle.run_until(lambda: oracle.is_in(job_ids[-1], JobStatus.COMPLETED))
    assert [await oracle.is_in(job_id, JobStatus.COMPLETED) for job_id in job_ids] == [True] * 5
    async with database.read() as connection:
        intents = (await connection.execute(select(outbox.c.kind, outbox.c.gas_used))).all()
    assert [row.kind for row in intents] == ["settle"]


async def test_verdict__when_a_reorganisation_took_its_submission_away_for_a_while__is_posted_when_it_is_back(
    oracle: Oracle, database: Database
) -> None:
    await oracle.start(*REPORTERS)
    job_id = await oracle.job()
    submission = await oracle.market.newest_transaction()
    desk = oracle.daemons[-1]
    sender, desk.sender = desk.sender, Asleep()  # type: ignore[attr-defined]
    await oracle.run_until(lambda: is_planned(database))
    await oracle.market.reorganise()
    desk.sender = sender  # type: ignore[attr-defined]
    await oracle.run_until(lambda: is_planned(database, status="failed"))
    await oracle.market.reorganise(submission)
    await oracle.run_until(lambda: oracle.is_in(job_id, JobStatus.SUBMITTED))
    assert not await oracle.is_posted(job_id)
    await oracle.run_until(lambda: is_begun_again(database))
    oracle.clock.advance(60)
    await oracle.run_until(lambda: oracle.is_posted(job_id))


async def test_O2_jobs__when_the_set_rotates_between_them__are_judged_each_by_its_own(oracle: Oracle) -> None:
    newcomers = ("reporter-4", "reporter-5", "reporter-6", "reporter-7")
    await oracle.market.stake(*newcomers)
    await oracle.market.advance(86_400)
    older = await oracle.job()
    await oracle.market.send(0, "ResultOracle", load_abi("ResultOracle").encode_call("advanceEpoch"))
    newer = await oracle.job()
    await oracle.start(*REPORTERS, *newcomers)
    await oracle.run_until(lambda: oracle.is_posted(older))
    await oracle.run_until(lambda: oracle.is_posted(newer))
    first, second = await oracle.contract.signer_set(1), await oracle.contract.signer_set(2)
    assert len(first.reporters) == 3
    assert set(second.reporters) == {oracle.market.ring.address_of(name) for name in newcomers}
    assert (first.quorum, second.quorum) == (2, 3)
    for job_id in (older, newer):
        posted = await oracle.contract.verdict(job_id)
        assert posted is not None
        assert posted.score == 100
    await oracle.market.advance(REVIEW_SECONDS + 5)
    await oracle.run_until(lambda: oracle.is_in(older, JobStatus.COMPLETED))
    await oracle.run_until(lambda: oracle.is_in(newer, JobStatus.COMPLETED))


async def test_job__given_no_delivery__is_refunded_after_the_deadline(oracle: Oracle) -> None:
    job_id = await oracle.market.hire("ipfs://bafkreinothing")
    await oracle.start()
    job = await oracle.escrow.job(job_id)
    head = await oracle.market.node.block()
    assert head is not None
    await oracle.market.advance(job.work_by - head.timestamp + 2)
    await oracle.run_until(lambda: oracle.is_in(job_id, JobStatus.REJECTED))
    with pytest.raises(ContractReverted):
        await oracle.escrow.job(job_id + 1)
