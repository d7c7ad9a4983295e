"""Puts a reporter and the publisher together from connections that somebody else opened.

Only `agents_offchain.cli` imports this. Nothing is opened, read from the environment or started in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents_offchain.chain.addresses import WATCHED, Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy
from agents_offchain.chain.proxies.juror_court import CourtProxy
from agents_offchain.chain.proxies.result_oracle import ResultOracleProxy
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.watcher import EventSink, Watcher
from agents_offchain.messaging.mailbox import Mailbox
from agents_offchain.messaging.protocols.envelope import envelope_domain
from agents_offchain.messaging.streams import StreamMailbox, connect
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.eip712 import Domain, oracle_domain
from agents_offchain.runtime.gas import GasWatch
from agents_offchain.runtime.generations import LaneSender, LentLane
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Outbox, lane_name
from oracle.cases import Casebook, CaseSink
from oracle.chain_view import ChainView
from oracle.courier import Courier
from oracle.court.bailiff import Bailiff
from oracle.court.cases import CourtBook, CourtSink
from oracle.court.judge import Reexamination
from oracle.court.juror import Juror
from oracle.court.seats import SeatBook, SeatSink
from oracle.desk import Chore, Desk, FanOut
from oracle.examiner import Artifacts, Examiner
from oracle.keeper import Keeper
from oracle.publish.policy import PostingPolicy
from oracle.publish.publisher import Publisher
from oracle.quorum.ledger import VerdictLedger
from oracle.reporter import Reporter, ReporterSettings
from oracle.rounds import topic_of

PUBLISHER, KEEPER = "publisher", "keeper"
"""Names of the rows of the two duties of the publishing process."""
KEEPERS_CONTRACTS = ("ResultOracle", "JobEscrow", "DisputeDesk", "JurorCourt", "DecisionLedger")
"""Whose errors a refusal of the publishing process is named by."""


@dataclass(frozen=True)
class OracleSurroundings:
    """Connections that both processes need.

    Attributes:
        confirmations: Blocks that must stand on a block before it is acted on.
        retained_blocks: Headers kept to notice a reorganisation.
        deployment: The generation that is served.
        sends: False for an older generation beside a newer one in the same process.
    """

    node: Node
    database: Database
    deployment: Deployment
    signer: SignerClient
    clock: Clock
    confirmations: int = 0
    retained_blocks: int = 256
    sends: bool = True

    @property
    def escrow(self) -> bytes:
        return self.deployment.address("JobEscrow")

    @property
    def oracle(self) -> bytes:
        return self.deployment.address("ResultOracle")

    @property
    def domain(self) -> Domain:
        return oracle_domain(self.deployment.chain_id, self.oracle)

    def chain(self) -> ChainView:
        return ChainView(self.node, JobEscrowProxy(self.node, self.escrow), ResultOracleProxy(self.node, self.oracle))

    def reader(self, name: str) -> str:
        """Under which name a daemon keeps its rows of this generation."""
        return self.deployment.reader(name)

    def lane(self, sender: LaneSender) -> LaneSender:
        """The sender, where this is the generation whose desk sends."""
        return sender if self.sends else LentLane(sender)

    def sink(self, consumer: str) -> CaseSink:
        return CaseSink(consumer, self.deployment.chain_id, self.escrow, self.oracle, self.clock)

    @property
    def has_court(self) -> bool:
        return {"DisputeDesk", "JurorCourt"} <= set(self.deployment.contracts)

    def court(self) -> CourtProxy:
        contracts = self.deployment.address
        return CourtProxy(self.node, contracts("DisputeDesk"), contracts("JurorCourt"))

    def court_book(self, consumer: str) -> CourtBook:
        return CourtBook(self.database, consumer, self.deployment.book("DisputeDesk"), self.clock)

    def watcher(self, consumer: str, sink: EventSink, contracts: tuple[str, ...] = WATCHED) -> Watcher:
        return Watcher(
            consumer=consumer,
            node=self.node,
            database=self.database,
            deployment=self.deployment,
            sink=sink,
            confirmations=self.confirmations,
            retained=self.retained_blocks,
            clock=self.clock,
            contracts=contracts,
        )

    def courier(self, mailbox: Mailbox, key: str | None) -> Courier:
        chain_id = self.deployment.chain_id
        domain = envelope_domain(chain_id, self.oracle)
        return Courier(mailbox, topic_of(chain_id, self.oracle), domain, self.signer, key, self.clock)


def open_mailbox(redis_url: str, name: str, clock: Clock) -> StreamMailbox:
    """A process's own group on the message server: each process sees every message once. Close it at the end."""
    return StreamMailbox(connect(redis_url), group=name, consumer=name, clock=clock)


def build_reporter(
    around: OracleSurroundings,
    mailbox: Mailbox,
    artifacts: Artifacts,
    run_skill: SkillRunner,
    *,
    name: str,
    key: str,
    limits: WorkerLimits | None = None,
    settings: ReporterSettings | None = None,
) -> Reporter:
    """A reporter daemon.

    Args:
        name: Such as `reporter-1`; it keeps its rows under it, of a later generation than the first `reporter-1@2`.
        key: Name of its key in the signer.
        run_skill: The worker port with the host's settings bound.
    """
    name = around.reader(name)
    return Reporter(
        name=name,
        key=key,
        domain=around.domain,
        watcher=around.watcher(name, around.sink(name)),
        chain=around.chain(),
        casebook=Casebook(around.database, name, around.clock),
        ledger=VerdictLedger(around.database, name, around.clock),
        examiner=Examiner(artifacts, run_skill, limits or WorkerLimits()),
        courier=around.courier(mailbox, key),
        signer=around.signer,
        database=around.database,
        clock=around.clock,
        settings=settings or ReporterSettings(),
    )


async def build_publisher(
    around: OracleSurroundings,
    mailbox: Mailbox,
    *,
    key: str,
    policy: PostingPolicy | None = None,
    chores: Sequence[Chore] = (),
) -> Desk:
    """The publishing and settling daemon.

    Args:
        key: Name in the signer of the key that pays for the transactions.
        chores: What else this key sends; they plan in its lane.

    Raises:
        SignerUnavailable: the key's address cannot be asked for now.
    """
    address = await around.signer.address(key)
    outbox = Outbox(around.database, lane_name(around.deployment.chain_id, address), around.clock)
    sender = Sender(
        node=around.node,
        database=around.database,
        signer=around.signer,
        key=key,
        chain_id=around.deployment.chain_id,
        abis=[load_abi(name) for name in KEEPERS_CONTRACTS],
        confirmations=around.confirmations,
        clock=around.clock,
    )
    await sender.setup()
    chain, publisher, keeper = around.chain(), around.reader(PUBLISHER), around.reader(KEEPER)
    sinks: list[EventSink] = [around.sink(publisher), around.sink(keeper)]
    if around.has_court:
        cases = around.court_book(keeper)
        sinks.append(CourtSink(cases))
        chores = [*chores, Bailiff(around.court(), cases, outbox, address, around.database, around.clock)]
    return Desk(
        name=publisher,
        watcher=around.watcher(publisher, FanOut(*sinks)),
        chain=chain,
        publisher=_publisher(around, chain, mailbox, outbox, policy or PostingPolicy()),
        keeper=Keeper(
            name=keeper,
            chain=chain,
            casebook=Casebook(around.database, keeper, around.clock),
            outbox=outbox,
            rehearsal=NodeRehearsal(around.node, around.escrow, around.oracle, address),
            database=around.database,
            clock=around.clock,
        ),
        sender=around.lane(sender),
        chores=chores,
        gas=GasWatch(around.node, {key: address}, around.clock),
    )


async def build_juror(
    around: OracleSurroundings,
    *,
    name: str,
    key: str,
    examiner: Examiner | None = None,
    older: Sequence[OracleSurroundings] = (),
) -> Juror:
    """A juror daemon.

    Args:
        name: Of the process; it keeps its rows under it.
        key: Name of the juror's key in the signer.
        examiner: Votes by doing the work again; without one the operator votes.
        older: The generations before that are served in the same process. Where they share the court, each juror sits
            on the disputes of its own desk; the newest one's also on those that no desk of theirs knows.

    Raises:
        SignerUnavailable: the key's address cannot be asked for now.
    """
    address, chain_id = await around.signer.address(key), around.deployment.chain_id
    plain, name = name, around.reader(name)
    cases, seats = around.court_book(name), seat_book(around, plain)
    court = around.deployment.address("JurorCourt")
    others = [each.court_book(each.reader(plain)) for each in older if each.deployment.address("JurorCourt") == court]
    sender = Sender(
        node=around.node,
        database=around.database,
        signer=around.signer,
        key=key,
        chain_id=chain_id,
        abis=[load_abi("JurorCourt")],
        confirmations=around.confirmations,
        clock=around.clock,
    )
    await sender.setup()
    judge = None
    if examiner is not None:
        casebook = Casebook(around.database, name, around.clock)
        judge = Reexamination(around.chain(), casebook, examiner, chain_id, around.deployment.book("JobEscrow"))
    sinks = FanOut(around.sink(name), CourtSink(cases), SeatSink(seats, address))
    return Juror(
        name=name,
        chain_id=chain_id,
        address=address,
        watcher=around.watcher(name, sinks, (*WATCHED, "JurorCourt")),
        court=around.court(),
        cases=cases,
        seats=seats,
        outbox=Outbox(around.database, lane_name(chain_id, address), around.clock),
        sender=around.lane(sender),
        gas=GasWatch(around.node, {key: address}, around.clock),
        database=around.database,
        clock=around.clock,
        judge=judge,
        others=others,
        is_own_desk_only=not around.sends,
    )


def seat_book(around: OracleSurroundings, name: str) -> SeatBook:
    """The seats of the juror `name`."""
    return SeatBook(around.database, around.reader(name), around.deployment.book("JurorCourt"), around.clock)


class NodeRehearsal:
    """Rehearses the keeper's calls on a node."""

    def __init__(self, node: Node, escrow: bytes, oracle: bytes, keeper: bytes) -> None:
        self._node = node
        self._escrow = escrow
        self._oracle = oracle
        self._keeper = keeper

    async def settle(self, job_ids: Sequence[int], *, block: int) -> int:
        abi = load_abi("ResultOracle")
        answer = await self._node.call(abi, self._oracle, "settle", list(job_ids), block=block, sender=self._keeper)
        return int(answer)

    async def no_show(self, job_id: int, *, block: int) -> bool:
        abi = load_abi("JobEscrow")
        try:
            await self._node.call(abi, self._escrow, "noShow", job_id, block=block, sender=self._keeper)
        except ContractReverted:
            return False
        return True


def _publisher(
    around: OracleSurroundings, chain: ChainView, mailbox: Mailbox, outbox: Outbox, policy: PostingPolicy
) -> Publisher:
    name = around.reader(PUBLISHER)
    return Publisher(
        name=name,
        domain=around.domain,
        chain=chain,
        casebook=Casebook(around.database, name, around.clock),
        ledger=VerdictLedger(around.database, name, around.clock),
        courier=around.courier(mailbox, None),
        outbox=outbox,
        database=around.database,
        clock=around.clock,
        policy=policy,
    )
