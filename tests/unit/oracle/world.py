"""A market in memory: a chain that can be taken back, artifacts, keys, a bus; and the oracle's real daemons on it.

Only the outside is faked. Database, casebook, ledger, envelopes and signatures are the product's own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eth_abi.abi import decode
from sqlalchemy import select, update

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import Block
from agents_offchain.chain.proxies.job_escrow import Job, JobStatus, Policy
from agents_offchain.chain.proxies.result_oracle import PostedVerdict, SignerSet
from agents_offchain.chain.watcher import ChainEvent, EventSink, StepResult
from agents_offchain.messaging.memory import Faults, MemoryBroker, MemoryMailbox
from agents_offchain.messaging.protocols.envelope import envelope_domain
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.eip712 import VerdictMessage, oracle_domain
from agents_offchain.primitives.units import JobId, TokenUnits
from agents_offchain.runtime.gas import GasWatch
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.artifacts.errors import ArtifactNotFound, StoreUnavailable
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, PLANNED, Outbox, OutboxItem, item_of, lane_name
from agents_offchain.storage.tables.journal import cursors, outbox, verdict_signatures
from agents_offchain.storage.tables.verdicts import verdict_conflicts
from agents_offchain.storage.upsert import upsert
from oracle.cases import Casebook, CaseSink
from oracle.chain_view import ChainView
from oracle.courier import Courier
from oracle.desk import Desk, FanOut
from oracle.examiner import Examiner
from oracle.keeper import Keeper
from oracle.publish.policy import PostingPolicy
from oracle.publish.publisher import Publisher
from oracle.quorum.ledger import VerdictLedger
from oracle.quorum.verdict import is_signed_by
from oracle.reporter import Reporter, ReporterSettings
from oracle.rounds import topic_of
from tests.unit.messaging.key_ring import KeyRing
from tests.unit.oracle.documents import CHAIN_ID, ESCROW, PICTURE, request_document, result_document, worker_result

ORACLE = b"\x0a" * 20
TOKEN = b"\x70" * 20
CLIENT, PROVIDER = b"\xc1" * 20, b"\xa6" * 20
DOMAIN = oracle_domain(CHAIN_ID, ORACLE)
TOPIC = topic_of(CHAIN_ID, ORACLE)
POLICY = Policy(ORACLE, TOKEN, 500, 4000, 60, 600, 120, 0, 7 * 86_400)
GENESIS = 1_700_000_000
LANE = lane_name(CHAIN_ID, b"\x4e" * 20)


@dataclass
class FakeChain:
    """Blocks of one second each, jobs with their states, and a ResultOracle that checks signatures."""

    reporter_addresses: tuple[bytes, ...]
    quorum_size: int = 2
    rotations: list[tuple[int, tuple[bytes, ...]]] = field(default_factory=list)
    """(first second, set) of every epoch after the first."""
    times: list[int] = field(default_factory=lambda: [GENESIS])
    events: list[ChainEvent] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)
    posted: dict[int, PostedVerdict] = field(default_factory=dict)
    address_of_escrow: bytes = ESCROW
    fork: int = 0
    _saved: list[tuple[dict[int, Job], dict[int, PostedVerdict]]] = field(default_factory=lambda: [({}, {})])

    @property
    def head(self) -> int:
        return len(self.times) - 1

    @property
    def time(self) -> int:
        return self.times[-1]

    def mine(self, seconds: int = 1) -> int:
        """Close the current block's state and open the next one; its time."""
        self._saved[-1] = (dict(self.jobs), dict(self.posted))
        self.times.append(self.time + seconds)
        self._saved.append((dict(self.jobs), dict(self.posted)))
        return self.time

    def reorganise(self, last_valid: int) -> None:
        """Take back every block above `last_valid`."""
        jobs, posted = self._saved[last_valid]
        self.jobs, self.posted = dict(jobs), dict(posted)
        self.events = [event for event in self.events if event.block_number <= last_valid]
        del self.times[last_valid + 1 :], self._saved[last_valid + 1 :]
        self.fork += 1

    def hash_of(self, number: int) -> bytes:
        return sha256(f"{number}:{self.times[number]}".encode())

    def emit(self, contract: str, name: str, **args: Any) -> None:
        number = self.head
        index = sum(event.block_number == number for event in self.events)
        self.events.append(
            ChainEvent(
                CHAIN_ID,
                number,
                self.hash_of(number),
                self.time,
                sha256(f"{self.fork}:{number}:{index}".encode()),
                index,
                contract,
                ESCROW,
                name,
                args,
            )
        )

    def hire(self, request_uri: str, *, evaluator: bytes = ORACLE, work_seconds: int = 300) -> int:
        """A funded job in a block of its own."""
        self.mine()
        job_id = len(self.jobs) + 1
        self.jobs[job_id] = Job(
            JobId(job_id), CLIENT, PROVIDER, evaluator, TOKEN, 1, TokenUnits(5_000_000),
            self.time + work_seconds, self.time + 10**6, 0, JobStatus.FUNDED,
        )  # fmt: skip
        self.emit("JobEscrow", "JobCreated", jobId=job_id, evaluator="0x" + evaluator.hex())
        self.emit("JobEscrow", "JobFunded", jobId=job_id)
        self.emit("JobEscrow", "JobDescribed", jobId=job_id, policyId=1, description=request_uri)
        return job_id

    def submit(self, job_id: int, deliverable: bytes) -> int:
        """Hand in a deliverable in a block of its own; the submission's time."""
        self.mine()
        self.jobs[job_id] = replace(self.jobs[job_id], status=JobStatus.SUBMITTED, submitted_at=self.time)
        self.emit("JobEscrow", "JobSubmitted", jobId=job_id, deliverable=deliverable)
        return self.time

    def end(self, job_id: int, event: str) -> None:
        status = {"JobCompleted": JobStatus.COMPLETED, "JobRejected": JobStatus.REJECTED}[event]
        self.jobs[job_id] = replace(self.jobs[job_id], status=status)
        self.emit("JobEscrow", event, jobId=job_id)

    def rotate(self, *reporters: bytes) -> None:
        """Begin an epoch with these reporters in a block of its own."""
        self.mine()
        self.rotations.append((self.time, reporters))

    def signer_set(self, epoch: int) -> SignerSet:
        if epoch == 1:
            return SignerSet(1, tuple(sorted(self.reporter_addresses)), self.quorum_size)
        members = tuple(sorted(self.rotations[epoch - 2][1]))
        return SignerSet(epoch, members, len(members) // 2 + 1)

    # what the daemons read

    async def block(self, number: int) -> Block | None:
        if number > self.head:
            return None
        return Block(number, self.hash_of(number), b"", self.times[number], 0)

    @property
    def escrow(self) -> FakeEscrow:
        return FakeEscrow(self)

    @property
    def oracle(self) -> FakeOracle:
        return FakeOracle(self)


@dataclass
class FakeEscrow:
    chain: FakeChain
    address: bytes = ESCROW

    async def job(self, job_id: int, *, block: int) -> Job:
        if job_id not in self.chain.jobs:
            raise ContractReverted("no such job", error="JobEscrow_UnknownJob", args={})
        return self.chain.jobs[job_id]

    async def policy(self, policy_id: int, *, block: int) -> Policy:
        return POLICY


@dataclass
class FakeOracle:
    chain: FakeChain
    address: bytes = ORACLE

    async def epoch_at(self, time: int, *, block: int) -> int:
        return 1 + sum(starts_at <= time for starts_at, _ in self.chain.rotations)

    async def signer_set(self, epoch: int, *, block: int) -> SignerSet:
        return self.chain.signer_set(epoch)

    async def verdict(self, job_id: int, *, block: int) -> PostedVerdict | None:
        return self.chain.posted.get(job_id)

    async def settleable_at(self, job_id: int, *, block: int) -> int | None:
        job = self.chain.jobs[job_id]
        if job.status != JobStatus.SUBMITTED or job.evaluator != ORACLE:
            return None
        posted = self.chain.posted.get(job_id)
        return (posted.posted_at if posted else job.submitted_at + POLICY.verdict_seconds) + POLICY.review_seconds


@dataclass
class FakeRehearsal:
    chain: FakeChain

    async def settle(self, job_ids: Sequence[int], *, block: int) -> int:
        return sum([await self.can_settle(job_id) for job_id in job_ids])

    async def can_settle(self, job_id: int) -> bool:
        at = await self.chain.oracle.settleable_at(job_id, block=0)
        return at is not None and self.chain.time >= at

    async def no_show(self, job_id: int, *, block: int) -> bool:
        job = self.chain.jobs[job_id]
        return job.status == JobStatus.FUNDED and self.chain.time > job.work_by


@dataclass
class FakeWatcher:
    """A cursor in the database over the fake chain's events."""

    consumer: str
    chain: FakeChain
    database: Database
    sink: EventSink

    async def step(self) -> StepResult:
        async with self.database.read() as connection:
            row = (await connection.execute(select(cursors).where(cursors.c.consumer == self.consumer))).first()
        number = row.block_number if row else -1
        if row and (number > self.chain.head or self.chain.hash_of(number) != bytes(row.block_hash)):
            return await self._roll_back(number)
        head = self.chain.head
        if number == head:
            return StepResult(head, head, is_caught_up=True)
        events = [event for event in self.chain.events if number < event.block_number <= head]
        async with self.database.write() as connection:
            block = await self.chain.block(head)
            assert block is not None
            await self.sink.apply(connection, events, block)
            await self._save(connection, head)
        return StepResult(head, head, len(events), is_caught_up=True)

    async def _roll_back(self, number: int) -> StepResult:
        valid = min(number, self.chain.head) - 1
        async with self.database.write() as connection:
            await self.sink.roll_back(connection, valid)
            await self._save(connection, valid)
        return StepResult(valid, self.chain.head, rolled_back_to=valid)

    async def _save(self, connection: Any, number: int) -> None:
        row = {
            "consumer": self.consumer,
            "chain_id": CHAIN_ID,
            "block_number": number,
            "block_hash": self.chain.hash_of(number),
            "updated_at": 0.0,
        }
        await upsert(connection, cursors, row)


@dataclass
class FakeSender:
    """Executes planned intents on the fake chain, refusing what the contract would refuse."""

    chain: FakeChain
    database: Database
    reopened: list[int] = field(default_factory=list)
    is_asleep: bool = False

    async def step(self) -> int:
        if self.is_asleep:
            return 0
        items = await outbox_items(self.database, PLANNED)
        for item in items:
            reason = self._execute(item)
            async with self.database.write() as connection:
                await connection.execute(
                    update(outbox)
                    .where(outbox.c.id == item.id)
                    .values(status=FAILED if reason else CONFIRMED, error=reason)
                )
        return len(items)

    async def reopen_above(self, block_number: int) -> int:
        self.reopened.append(block_number)
        return 0

    def _execute(self, item: OutboxItem) -> str | None:
        kind = item.intent.kind
        self.chain.mine()
        if kind == "verdict":
            return self._post(item.intent.data)
        if kind == "settle":
            return self._settle(item.intent.data)
        job_id = decode(load_abi("JobEscrow").function("noShow").input_types, item.intent.data[4:])[0]
        self.chain.end(job_id, "JobRejected")
        return None

    def _post(self, data: bytes) -> str | None:
        fields, signatures = decode(load_abi("ResultOracle").function("postVerdict").input_types, data[4:])
        verdict = VerdictMessage(*fields)
        job = self.chain.jobs[verdict.job_id]
        judges = self.chain.signer_set(verdict.epoch)
        signers = [
            address
            for signature in signatures
            for address in judges.reporters
            if is_signed_by(verdict, signature, address, DOMAIN)
        ]
        if job.status != JobStatus.SUBMITTED or job.submitted_at != verdict.submitted_at:
            return "ResultOracle_WrongSubmission"
        if verdict.job_id in self.chain.posted:
            return "ResultOracle_AlreadyPosted"
        if verdict.epoch != 1 + sum(starts_at <= job.submitted_at for starts_at, _ in self.chain.rotations):
            return "ResultOracle_WrongEpoch"
        if len(signers) != len(signatures) or len(signers) < judges.quorum or signers != sorted(set(signers)):
            return "ResultOracle_SignatureInvalid"
        if self.chain.time > job.submitted_at + POLICY.verdict_seconds:
            return "ResultOracle_VerdictTooLate"
        self.chain.posted[verdict.job_id] = PostedVerdict(verdict.score, self.chain.time)
        self.chain.emit("ResultOracle", "VerdictPosted", jobId=verdict.job_id, score=verdict.score)
        return None

    def _settle(self, data: bytes) -> str | None:
        (job_ids,) = decode(load_abi("ResultOracle").function("settle").input_types, data[4:])
        for job_id in job_ids:
            job, posted = self.chain.jobs[job_id], self.chain.posted.get(job_id)
            opened = posted.posted_at if posted else job.submitted_at + POLICY.verdict_seconds
            if job.status == JobStatus.SUBMITTED and self.chain.time >= opened + POLICY.review_seconds:
                is_paid = posted is None or posted.score >= POLICY.pass_mark
                self.chain.end(job_id, "JobCompleted" if is_paid else "JobRejected")
        return None


class Artifacts(MemoryArtifactStore):
    """A store that can be switched off and can forget."""

    is_down = False

    def __init__(self) -> None:
        super().__init__()
        self.missing: set[str] = set()

    async def get(self, cid: str, max_bytes: int) -> bytes:
        if self.is_down:
            raise StoreUnavailable("The store is switched off.")
        if cid in self.missing:
            raise ArtifactNotFound("The store has forgotten it.")
        return await super().get(cid, max_bytes)


Skill = Callable[[], WorkerResult]


async def outbox_items(database: Database, *statuses: str) -> list[OutboxItem]:
    query = select(outbox).order_by(outbox.c.id)
    if statuses:
        query = query.where(outbox.c.status.in_(statuses))
    async with database.read() as connection:
        return [item_of(row) for row in (await connection.execute(query)).all()]


class FullPurses:
    """Nobody lacks gas."""

    async def balance(self, address: bytes) -> int:
        return 10**18


@dataclass
class World:
    """Everything outside the daemons, and builders of the daemons.

    Each builder may be called again: the new daemon stands on the same database, bus and keys, as after a crash.
    """

    database: Database
    count: int = 3
    clock: ManualClock = field(default_factory=lambda: ManualClock(float(GENESIS)))
    ring: KeyRing = field(default_factory=KeyRing)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    artifacts: Artifacts = field(default_factory=Artifacts)
    skills: dict[str, Skill] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    policy: PostingPolicy = field(default_factory=PostingPolicy)
    runs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [f"reporter-{number}" for number in range(1, self.count + 1)]
        self.names = names
        self.chain = FakeChain(tuple(self.ring.address_of(name) for name in names))
        self.sender = FakeSender(self.chain, self.database)

    async def hire(self, **changes: Any) -> int:
        """A funded job for the picture; its id."""
        input_cid = await self.artifacts.put(PICTURE)
        self.request_cid = await self.artifacts.put(request_document(input_cid, **changes))
        return self.chain.hire(f"ipfs://{self.request_cid}")

    async def deliver(self, job_id: int, document: bytes | None = None) -> int:
        """The agent's result, honest when not given; the submission's time."""
        document = result_document(job_id, self.request_cid) if document is None else document
        await self.artifacts.put(document)
        return self.chain.submit(job_id, sha256(document))

    def is_posted(self) -> bool:
        """Whether every job has its verdict on the chain."""
        return self.chain.posted.keys() == self.chain.jobs.keys()

    def is_over(self) -> bool:
        """Whether every job has ended."""
        return all(job.status.is_final for job in self.chain.jobs.values())

    def job_key(self, job_id: int) -> str:
        return f"{CHAIN_ID}:0x{ESCROW.hex()}:{job_id}"

    def reporter(self, name: str, **ports: Any) -> Reporter:
        """A reporter; `database`, `mailbox`, `signer`, `artifacts` and `run_skill` may be replaced."""
        database = ports.get("database", self.database)
        signer = ports.get("signer", self.ring)
        seed = random.Random(name)
        return Reporter(
            name=name,
            key=name,
            domain=DOMAIN,
            watcher=FakeWatcher(name, self.chain, database, self._sink(name)),
            chain=ChainView(self.chain, self.chain.escrow, self.chain.oracle),
            casebook=Casebook(database, name, self.clock),
            ledger=VerdictLedger(database, name, self.clock),
            examiner=Examiner(
                ports.get("artifacts", self.artifacts), ports.get("run_skill", self._runner(name)), WorkerLimits()
            ),
            courier=self._courier(ports.get("mailbox", self.mailbox(name)), signer, name),
            signer=signer,
            database=database,
            clock=self.clock,
            settings=ReporterSettings(reveal_after_seconds=3, repeat_seconds=60, listen_seconds=0),
            entropy=seed.randbytes,
        )

    def desk(self, **ports: Any) -> Desk:
        database = ports.get("database", self.database)
        chain = ChainView(self.chain, self.chain.escrow, self.chain.oracle)
        lane = Outbox(database, LANE, self.clock)
        return Desk(
            name="publisher",
            watcher=FakeWatcher(
                "publisher", self.chain, database, FanOut(self._sink("publisher"), self._sink("keeper"))
            ),
            chain=chain,
            publisher=Publisher(
                name="publisher",
                domain=DOMAIN,
                chain=chain,
                casebook=Casebook(database, "publisher", self.clock),
                ledger=VerdictLedger(database, "publisher", self.clock),
                courier=self._courier(ports.get("mailbox", self.mailbox("publisher")), self.ring, None),
                outbox=lane,
                database=database,
                clock=self.clock,
                policy=self.policy,
            ),
            keeper=Keeper(
                name="keeper",
                chain=chain,
                casebook=Casebook(database, "keeper", self.clock),
                outbox=lane,
                rehearsal=FakeRehearsal(self.chain),
                database=database,
                clock=self.clock,
            ),
            sender=self.sender,
            gas=GasWatch(FullPurses(), {}, self.clock),
        )

    def mailbox(self, name: str) -> MemoryMailbox:
        return MemoryMailbox(self.broker, name, name, faults=self.faults, clock=self.clock)

    async def run(
        self,
        *daemons: Reporter | Desk,
        rounds: int = 12,
        seconds: float = 1.0,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        """Set up and step all of them in turn until something holds; a block and some time between the rounds."""
        for daemon in daemons:
            await daemon.setup()
        for _ in range(rounds):
            for daemon in daemons:
                await daemon.step()
            if until():
                return
            self.clock.advance(seconds)
            self.chain.mine(max(int(seconds), 1))

    async def signed_by(self, name: str) -> set[tuple[Any, ...]]:
        """The distinct verdicts that a key ever signed."""
        return {values for key, kind, values in self.ring.signed if key == name and kind == "Verdict"}

    async def intents(self, kind: str) -> list[OutboxItem]:
        return [item for item in await outbox_items(self.database) if item.intent.kind == kind]

    async def conflicts(self) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(select(verdict_conflicts))).all())

    async def held(self, consumer: str) -> list[Any]:
        """The verdict rows of one consumer."""
        query = select(verdict_signatures).where(verdict_signatures.c.consumer == consumer)
        async with self.database.read() as connection:
            return list((await connection.execute(query)).all())

    async def case(self, consumer: str, job_id: int = 1) -> Any:
        found = await Casebook(self.database, consumer, self.clock).get(self.job_key(job_id))
        assert found is not None
        return found

    def _sink(self, consumer: str) -> CaseSink:
        return CaseSink(consumer, CHAIN_ID, ESCROW, ORACLE, self.clock)

    def _courier(self, mailbox: Any, signer: Any, key: str | None) -> Courier:
        return Courier(mailbox, TOPIC, envelope_domain(CHAIN_ID, ORACLE), signer, key, self.clock)

    def _runner(self, name: str) -> Any:
        async def run_skill(
            service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
        ) -> WorkerResult:
            self.runs[name] = self.runs.get(name, 0) + 1
            assert list(inputs.values()) == [PICTURE]
            return self.skills.get(name, worker_result)()

        return run_skill
