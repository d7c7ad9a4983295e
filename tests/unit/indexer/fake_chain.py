"""A chain of decoded events that can be reorganised on command, and databases to index it into."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agents_offchain.chain.addresses import Deployment, parse_deployment
from agents_offchain.chain.node import Block
from agents_offchain.chain.watcher import ChainEvent
from agents_offchain.indexer.facts import Fact, fact_of
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables import journal, read_model  # noqa: F401  (registers the tables)
from agents_offchain.storage.tables.metadata import metadata

GENESIS_TIME = 1_700_000_000
NOBODY = "0x" + "00" * 20
OWNER, CLIENT, WALLET = ("0x" + letter * 40 for letter in "abc")
TREASURY = "0x" + "7" * 40
REPORTERS = tuple("0x" + digit * 40 for digit in "456")
CONTRACTS = {
    name: "0x" + f"{number:02x}" * 20
    for number, name in enumerate(
        ("AgentRegistry", "ServiceListings", "JobEscrow", "ResultOracle", "TestDollar", "DisputeDesk"), start=0xE1
    )
}
SHARED = ("AgentRegistry", "TestDollar")
NEW_CONTRACTS = {
    name: at if name in SHARED else "0x" + at[2:4].replace("e", "d") * 20 for name, at in CONTRACTS.items()
}
POLICY = {
    "evaluator": CONTRACTS["ResultOracle"],
    "token": CONTRACTS["TestDollar"],
    "hook": NOBODY,
    "feeBps": 500,
    "poolShareBps": 4_000,
    "passMark": 60,
    "verdictSeconds": 600,
    "reviewSeconds": 120,
    "courtSeconds": 0,
    "graceSeconds": 604_800,
    "isLedgerOnly": False,
}
TAIL_SECONDS = 600 + 120 + 604_800


def fake_deployment() -> Deployment:
    return parse_deployment(
        {
            "chainId": 31337,
            "network": "local",
            "deployedAtBlock": 0,
            "contracts": CONTRACTS,
            "policyId": 1,
            "treasury": TREASURY,
            "reporters": list(REPORTERS),
        }
    )


def two_generations() -> Deployment:
    """A market that moved: registry and token are shared, the rest stands elsewhere."""
    first = fake_deployment().raw
    return parse_deployment(
        {**first, "generation": 2, "contracts": NEW_CONTRACTS, "older": [{**first, "generation": 1}]}
    )


def service(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


@dataclass
class FakeChain:
    """Blocks of events; ids are counted from the events that stand, as contracts do."""

    blocks: list[list[ChainEvent]] = field(default_factory=lambda: [[]])
    serial: int = 0

    @property
    def head(self) -> Block:
        return self.header(len(self.blocks) - 1)

    @property
    def sealed(self) -> int:
        """Number of the newest block that takes no more events."""
        return len(self.blocks) - 2

    def header(self, number: int) -> Block:
        return Block(number, self._hash(number), b"", GENESIS_TIME + number, 0)

    def _hash(self, number: int) -> bytes:
        return hashlib.sha256(f"{number}:{self.serial}".encode()).digest()

    def events(self, first: int = 0, last: int | None = None) -> list[ChainEvent]:
        stop = len(self.blocks) if last is None else last + 1
        return [event for block in self.blocks[first:stop] for event in block]

    def mine(self) -> None:
        self.serial += 1
        self.blocks.append([])

    def reorganise(self, depth: int) -> list[ChainEvent]:
        """Drop the newest `depth` blocks; the events that were in them."""
        depth = min(depth, len(self.blocks) - 1)
        dropped = self.events(len(self.blocks) - depth)
        del self.blocks[len(self.blocks) - depth :]
        self.serial += 1
        return dropped

    def include(self, dropped: Iterable[ChainEvent]) -> None:
        """Put events of dropped blocks into the newest block, as a node does with their transactions."""
        number = len(self.blocks) - 1
        for event in dropped:
            self.blocks[-1].append(
                event._replace(
                    block_number=number,
                    block_hash=self._hash(number),
                    block_time=GENESIS_TIME + number,
                    log_index=len(self.blocks[-1]),
                )
            )

    def emit(self, contract: str, name: str, **args: Any) -> ChainEvent:
        self.serial += 1
        number = len(self.blocks) - 1
        event = ChainEvent(
            chain_id=31337,
            block_number=number,
            block_hash=self._hash(number),
            block_time=GENESIS_TIME + number,
            tx_hash=hashlib.sha256(f"tx{self.serial}".encode()).digest(),
            log_index=len(self.blocks[-1]),
            contract=contract,
            address=bytes.fromhex(CONTRACTS[contract][2:]),
            name=name,
            args={key.rstrip("_"): value for key, value in args.items()},
        )
        self.blocks[-1].append(event)
        return event

    def count(self, name: str) -> int:
        return sum(event.name == name for event in self.events())

    # What the contracts emit, call by call.

    def register_policy(self) -> int:
        policy_id = self.count("PolicyRegistered") + 1
        self.emit("JobEscrow", "PolicyRegistered", policyId=policy_id, policyHash=b"p" * 32, policy=POLICY)
        return policy_id

    def register_agent(self, uri: str = "", owner: str = OWNER) -> int:
        agent_id = self.count("Registered")
        self.emit("AgentRegistry", "Transfer", from_=NOBODY, to=owner, tokenId=agent_id)
        self.emit("AgentRegistry", "Registered", agentId=agent_id, agentURI=uri, owner=owner)
        self.set_wallet(agent_id, owner)
        return agent_id

    def set_wallet(self, agent_id: int, wallet: str) -> None:
        self.emit(
            "AgentRegistry",
            "MetadataSet",
            agentId=agent_id,
            indexedMetadataKey=b"k" * 32,
            metadataKey="agentWallet",
            metadataValue=bytes.fromhex(wallet[2:]),
        )

    def transfer_agent(self, agent_id: int, old: str, new: str) -> None:
        self.set_wallet(agent_id, "0x")
        self.emit("AgentRegistry", "Transfer", from_=old, to=new, tokenId=agent_id)

    def create_listing(self, agent_id: int, price: int = 1_500_000, kind: str = "inspect-image") -> int:
        listing_id = self.count("ListingCreated") + 1
        self.emit(
            "ServiceListings",
            "ListingCreated",
            listingId=listing_id,
            agentId=agent_id,
            serviceType=service(kind),
            price=price,
            policyId=1,
            workSeconds=300,
            criteriaHash=bytes(32),
            uri="ipfs://terms",
        )
        return listing_id

    def hire(
        self, agent_id: int, listing_id: int, budget: int = 1_500_000, provider: str = OWNER, text: str = "x"
    ) -> int:
        job_id = self.count("JobCreated") + 1
        expired_at = GENESIS_TIME + len(self.blocks) + TAIL_SECONDS + 900
        self.emit(
            "JobEscrow",
            "JobCreated",
            jobId=job_id,
            client=CLIENT,
            provider=provider,
            evaluator=CONTRACTS["ResultOracle"],
            expiredAt=expired_at,
            hook=NOBODY,
        )
        self.emit("JobEscrow", "BudgetSet", jobId=job_id, amount=budget)
        self.emit("JobEscrow", "JobFunded", jobId=job_id, client=CLIENT, amount=budget)
        self.emit(
            "JobEscrow",
            "JobDescribed",
            jobId=job_id,
            agentId=agent_id,
            listingId=listing_id,
            policyId=1,
            description=text,
        )
        return job_id

    def submit(self, job_id: int, deliverable: bytes = b"d" * 32) -> None:
        self.emit("JobEscrow", "JobSubmitted", jobId=job_id, provider=OWNER, deliverable=deliverable)

    def post_verdict(self, job_id: int, score: int = 100, bitmap: int = 0b101) -> None:
        self.emit(
            "ResultOracle",
            "VerdictPosted",
            jobId=job_id,
            reportHash=b"r" * 32,
            deliverable=b"d" * 32,
            score=score,
            epoch=1,
            signerBitmap=bitmap,
        )

    def dispute(self, job_id: int, is_by_client: bool = True) -> None:
        self.emit(
            "DisputeDesk",
            "DisputeOpened",
            jobId=job_id,
            party=CLIENT if is_by_client else OWNER,
            isByClient=is_by_client,
            bond=600_000,
            ruleBy=GENESIS_TIME + 90_000,
            evidence=b"e" * 32,
        )

    def refer(self, job_id: int) -> None:
        arbitrator = "0x" + "c0" * 20
        self.emit("DisputeDesk", "DisputeReferred", jobId=job_id, arbitrator=arbitrator, disputeId=3, fee=600_000)

    def end_dispute(self, job_id: int, provider_bps: int = 2_000, is_overturned: bool = True) -> None:
        self.emit(
            "DisputeDesk",
            "DisputeEnded",
            jobId=job_id,
            isByCourt=True,
            providerBps=provider_bps,
            providerAmount=300_000,
            isOverturned=is_overturned,
        )

    def pay(self, job_id: int, budget: int = 1_500_000) -> None:
        fee = budget * 500 // 10_000
        pool = fee * 4_000 // 10_000
        self.emit("JobEscrow", "FeeTaken", jobId=job_id, toTreasury=fee - pool, toReporters=pool)
        self.emit(
            "JobEscrow",
            "JobCompleted",
            jobId=job_id,
            evaluator=CONTRACTS["ResultOracle"],
            reason=b"verdict-passed".ljust(32, b"\0"),
        )
        self.emit("JobEscrow", "PaymentReleased", jobId=job_id, provider=OWNER, amount=budget - fee)

    def refund(self, job_id: int, budget: int = 1_500_000, is_expired: bool = False) -> None:
        if is_expired:
            self.emit("JobEscrow", "JobExpired", jobId=job_id)
        else:
            self.emit("JobEscrow", "JobRejected", jobId=job_id, rejector=OWNER, reason=bytes(32))
        self.emit("JobEscrow", "Refunded", jobId=job_id, client=CLIENT, amount=budget)

    def facts(self) -> list[Fact]:
        return [fact_of(event) for event in self.events()]


@asynccontextmanager
async def memory_database() -> AsyncIterator[Database]:
    """All tables, in memory."""
    database = Database("sqlite+aiosqlite:///:memory:")
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    try:
        yield database
    finally:
        await database.close()


async def index(database: Database, chain: FakeChain) -> IndexSink:
    """Take the whole chain in one go."""
    sink = IndexSink(fake_deployment())
    async with database.write() as connection:
        await sink.apply(connection, chain.events(), chain.head)
    return sink
