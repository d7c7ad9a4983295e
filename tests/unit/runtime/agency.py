"""One agent over the chain in memory: the real daemon, watcher, queue and sender; a skill that is a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.proxies.job_escrow import HireTerms, JobEscrowProxy, JobStatus, hire_calldata
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.watcher import Watcher
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.units import NO_AGENT, TokenUnits
from agents_offchain.runtime.agent.daemon import AgentDaemon
from agents_offchain.runtime.agent.decision import Market
from agents_offchain.runtime.agent.delivery import Delivery
from agents_offchain.runtime.agent.intake import Intake, wants
from agents_offchain.runtime.agent.orders import Orders
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.documents import RequestDocument
from agents_offchain.runtime.profiles.profile import Profile
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.commands import CommandBook
from agents_offchain.storage.database import Database
from agents_offchain.storage.inbox import Inbox, InboxSink
from agents_offchain.storage.outbox import Outbox, lane_name
from agents_offchain.storage.tables.journal import outbox, work
from agents_offchain.storage.work import WorkQueue
from tests.fakes.chain import FakeChain, FakeNode
from tests.fakes.contracts import FakeEscrow, FakeJob
from tests.fakes.crash import Crash, Mortal, MortalDatabase
from tests.fakes.deployment import DEPLOYMENT, ESCROW, ORACLE, TOKEN
from tests.fakes.signer import FakeSigner

AGENT = bytes([0xA9]) * 20
CLIENT = bytes([0xC1]) * 20
STRANGER = bytes([0xB2]) * 20
PICTURE = b"\xff\xd8 a picture"
PRICE = 1_500_000
LEASE_SECONDS = 5.0
Skill = Callable[[dict[str, bytes]], Awaitable[WorkerResult]]


async def plain_skill(inputs: dict[str, bytes]) -> WorkerResult:
    """Deterministic: the same input gives the same result."""
    digest = sha256(b"".join(inputs.values())).hex()
    return WorkerResult({"digest": digest}, {"seed": 0}, {"annotated": ("image/jpeg", digest.encode())})


def profile(**acceptance: int) -> Profile:
    return Profile.model_validate(
        {
            "agent": {"name": "Inspector"},
            "services": [{"type": "inspect-image", "price": "1.5"}],
            "acceptance": {"min_seconds_to_deliver": 60, "max_attempts": 3, **acceptance},
        }
    )


class Agency:
    """The world around one agent, whose process can be killed and started again."""

    def __init__(self, database: Database, scratch: Path, skill: Skill = plain_skill) -> None:
        self.database = database
        self.scratch = scratch
        self.skill = skill
        self.clock = ManualClock()
        self.chain = FakeChain()
        self.chain.contracts[ESCROW] = FakeEscrow(ORACLE, TOKEN)
        self.node = FakeNode(self.chain)
        self.signer = FakeSigner({"agent": AGENT})
        self.store = MemoryArtifactStore()
        self.profile = profile()
        self.runs = 0
        self.against = ""
        self.endings: list[tuple[str, str]] = []

    async def request(self, picture: bytes = PICTURE, **changes: Any) -> str:
        """Store an input and a request for it; the request's description."""
        cid = await self.store.put(picture)
        document = {
            "schema": "aitbc.request/1",
            "service": "inspect-image",
            "listing_id": 1,
            "input": {"cid": cid, "media_type": "image/jpeg", "bytes": len(picture), "sha256": sha256(picture).hex()},
            **changes,
        }
        return "ipfs://" + await self.store.put(canonical_json(document))

    async def hire(self, description: str | None = None, **changes: Any) -> None:
        """Put a hire into the mempool."""
        terms = {
            "provider": AGENT,
            "policy_id": 1,
            "budget": TokenUnits(PRICE),
            "expired_at": self.chain.head.timestamp + 5000,
            "agent_id": NO_AGENT,
            "listing_id": 1,
            "description": description if description is not None else await self.request(),
            **changes,
        }
        client = terms.pop("client", CLIENT)
        self.chain.transact(client, ESCROW, hire_calldata(HireTerms(**terms)))

    async def start(self, crash: Crash | None = None) -> AgentDaemon:
        """The daemon, as a process would build it at its start."""
        crash = crash or Crash()
        node: Any = Mortal(self.node, crash, "node")
        signer: Any = Mortal(self.signer, crash, "signer")
        store: Any = Mortal(self.store, crash, "store")
        database = MortalDatabase(self.database, crash)
        escrow = JobEscrowProxy(node, ESCROW)
        queue = WorkQueue(database, "agent", lease_seconds=LEASE_SECONDS, clock=self.clock)
        sender = Sender(node, database, signer, "agent", 31337, abis=(), clock=self.clock)
        await sender.setup()
        orders = Orders(CommandBook(database, self.clock), "agent")
        lane = Outbox(database, lane_name(31337, AGENT), self.clock)

        async def run_skill(
            service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
        ) -> WorkerResult:
            crash.cross("before skill")
            self.runs += 1
            result = await self.skill(dict(inputs))
            crash.cross("after skill")
            return result

        async def objection(request: RequestDocument, job_key: str) -> str:
            return self.against

        async def ended(job_key: str, event: str) -> None:
            self.endings.append((job_key, event))

        daemon = AgentDaemon(
            name="agent",
            watcher=Watcher(
                "agent",
                node,
                database,
                DEPLOYMENT,
                InboxSink("agent", wants, jsonable, self.clock),
                clock=self.clock,
            ),
            intake=Intake(
                Inbox(database, "agent", self.clock), queue, escrow, DEPLOYMENT, database, AGENT, lane, ended
            ),
            delivery=Delivery(
                queue=queue,
                inbox=Inbox(database, "agent", self.clock),
                outbox=lane,
                database=database,
                artifacts=store,
                escrow=escrow,
                node=node,
                deployment=DEPLOYMENT,
                profile=self.profile,
                market=Market(ORACLE, TOKEN, {"inspect-image": TokenUnits(PRICE)}),
                run_skill=run_skill,
                clock=self.clock,
                source="agent",
                takes=orders.takes,
                objection=objection,
            ),
            orders=orders,
            queue=queue,
            sender=sender,
            concurrency=self.profile.limits.concurrency,
            scratch=self.scratch,
        )
        await daemon.setup()
        return daemon

    async def turn(self, daemon: AgentDaemon) -> StepOutcome:
        """A step, whatever deliveries it started, one block, one second."""
        outcome = await daemon.step()
        await self.finish(daemon)
        self.chain.mine()
        self.clock.advance(1)
        return outcome

    async def finish(self, daemon: AgentDaemon) -> None:
        """Wait for the deliveries under way."""
        while daemon._running:
            done = [task for task in daemon._running if task.done()]
            if done:
                daemon._reap()
            else:
                await next(iter(daemon._running))

    async def run(self, daemon: AgentDaemon, turns: int = 12) -> None:
        for _ in range(turns):
            await self.turn(daemon)

    def job(self, job_id: int = 1) -> FakeJob:
        job: FakeJob = self.chain.head.state.storage[ESCROW][job_id]
        return job

    def status(self, job_id: int = 1) -> JobStatus:
        return self.job(job_id).status

    async def expected_deliverable(self, job_id: int = 1) -> bytes:
        """The digest of the stored result document of a job."""
        row = next(row for row in await self.work() if row.terms["job_id"] == job_id)
        document = await self.store.get(row.checkpoint["result_cid"], 1 << 20)
        return sha256(document)

    async def work(self) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(select(work).order_by(work.c.created_at))).all())

    async def intents(self) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(select(outbox).order_by(outbox.c.id))).all())
