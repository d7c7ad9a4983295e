"""What must hold after every fault: no job lost, none paid twice, no submit sent twice, money conserved, tables right.

Everything is read from the chain itself and from a rebuild; what the daemons say of themselves is only asked for
what they left undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, JobStatus
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.cli.places import key_folder
from agents_offchain.indexer.rebuild import NothingIndexed, verify
from agents_offchain.storage.tables.journal import inbox, outbox, work
from tests.faults.audited import Auditor
from tests.faults.client import WEALTH, Client
from tests.faults.house import House, NeverCame

ONCE = ("JobCreated", "JobFunded", "JobSubmitted", "JobCompleted", "PaymentReleased")
BPS = 10_000
ESCROW, TOKEN = load_abi("JobEscrow"), load_abi("TestDollar")


@dataclass
class Findings:
    """What was found wrong, in sentences, and the counts that the suite prints."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)

    def add(self, other: Findings, where: str) -> None:
        self.lost += [f"{where}: {text}" for text in other.lost]
        self.doubled += [f"{where}: {text}" for text in other.doubled]
        self.wrong += [f"{where}: {text}" for text in other.wrong]


class Judge:
    """Looks at a house whose jobs have all ended."""

    def __init__(self, house: House, client: Client) -> None:
        self.house = house
        self.client = client
        deployment = house.deployment
        self._token = TokenProxy(house.node, deployment.address("TestDollar"))
        self._escrow = JobEscrowProxy.of(house.node, deployment)
        self._hired: list[int] = []
        self._supply: int | None = None
        self.bonds = 0
        """Units that the client lost as bonds."""
        self.won = 0
        """Units of them that the agent won."""
        self.auditor = Auditor(key_folder(house.settings))

    async def judge(self, job_ids: Sequence[int]) -> Findings:
        """All findings on these jobs and on everything hired so far; waits until the daemons are at rest."""
        findings = Findings()
        self._hired += job_ids
        await self.rest(findings)
        for job_id in job_ids:
            await self._one_job(job_id, findings)
        await self._money(findings)
        await self._tables(findings)
        return findings

    async def rest(self, findings: Findings) -> None:
        """Nothing planned, sent, pending or in hand; nothing dead."""

        async def is_at_rest() -> bool:
            return not await self._open_rows()

        try:
            await self.house.until(is_at_rest, "the daemons are at rest")
        except NeverCame:
            findings.lost.append(f"left undone: {await self._open_rows()}")
        async with self.house.database.read() as connection:
            for table, status in ((inbox, "dead"), (work, "dead")):
                query = select(func.count()).select_from(table).where(table.c.status == status)
                if count := (await connection.execute(query)).scalar_one():
                    findings.lost.append(f"{count} dead rows in {table.name}")

    async def _open_rows(self) -> dict[str, int]:
        undone = ((outbox, ("planned", "sent")), (inbox, ("new",)), (work, ("new", "leased")))
        counts: dict[str, int] = {}
        async with self.house.database.read() as connection:
            for table, states in undone:
                query = select(func.count()).select_from(table).where(table.c.status.in_(states))
                if count := int((await connection.execute(query)).scalar_one()):
                    counts[table.name] = count
        return counts

    async def _one_job(self, job_id: int, findings: Findings) -> None:
        counts = await self._events(job_id)
        for name in ONCE:
            if counts[name] == 0:
                findings.lost.append(f"job {job_id} has no {name}")
            elif counts[name] > 1:
                findings.doubled.append(f"job {job_id} has {counts[name]} {name}")

    async def _events(self, job_id: int) -> Counter[str]:
        query = {
            "address": "0x" + self._escrow.address.hex(),
            "fromBlock": "0x0",
            "topics": [None, "0x" + job_id.to_bytes(32, "big").hex()],
        }
        names: Counter[str] = Counter()
        for entry in await self.house.node.request("eth_getLogs", query):
            codec = ESCROW.events.get(bytes.fromhex(entry["topics"][0][2:]))
            names[codec.name if codec else ""] += 1
        return names

    async def transactions(self, since: int) -> list[dict[str, Any]]:
        """Everything in blocks from `since` on, failed ones too."""
        found: list[dict[str, Any]] = []
        head = await self.house.node.block_number()
        calls = [("eth_getBlockByNumber", [hex(number), True]) for number in range(since, head + 1)]
        for first in range(0, len(calls), 100):
            for block in await self.house.node.batch(calls[first : first + 100]):
                found += block["transactions"]
        return found

    def submissions(self, transactions: Iterable[dict[str, Any]]) -> Counter[int]:
        """Job -> transactions of anybody that called `submit` for it."""
        selector, escrow = ESCROW.encode_call("submit", 0, bytes(32), b"")[:4].hex(), self._escrow.address.hex()
        return Counter(
            int(entry["input"][10:74], 16)
            for entry in transactions
            if entry["to"] == "0x" + escrow and entry["input"].startswith("0x" + selector)
        )

    async def _money(self, findings: Findings) -> None:
        """Every unit of the client's is where it belongs: with it, the agent, or as fee in the escrow."""
        policy = await self._escrow.policy(self.house.deployment.policy_id)
        price = int(self.house.market.listings[0].price)
        jobs = {job_id: (await self._escrow.job(job_id)).status for job_id in self._hired}
        paid = sum(status == JobStatus.COMPLETED for status in jobs.values())
        held = sum(status in (JobStatus.FUNDED, JobStatus.SUBMITTED) for status in jobs.values())
        fee = price * policy.fee_bps // BPS
        agent, client = self.house.market.agent_wallet, self.client.address
        supply = int(await self.house.node.call(TOKEN, self._token.address, "totalSupply"))
        self._supply = supply if self._supply is None else self._supply
        if supply != self._supply:
            findings.wrong.append(f"{supply - self._supply} units came from nowhere")
        expected = {
            agent: paid * (price - fee) + self.won,
            self._escrow.address: paid * fee + held * price,
            client: WEALTH - (paid + held) * price - self.bonds,
        }
        for holder, amount in expected.items():
            balance = await self._token.balance(holder)
            if balance != amount:
                who = {agent: "agent", client: "client"}.get(holder, "escrow")
                (findings.doubled if holder == agent and balance > amount else findings.wrong).append(
                    f"the {who} holds {balance} and should hold {amount}"
                )

    async def _tables(self, findings: Findings) -> None:
        """The indexer's tables at the head equal those of a rebuild."""
        different: list[str] = []

        async def is_equal() -> bool:
            nonlocal different
            head = await self.house.node.block_number()
            try:
                result = await verify(self.house.database, self.house.node, self.house.deployment)
            except NothingIndexed:
                return False
            different = [check.table for check in result.checks if not check.is_equal]
            return result.block_number >= head and result.is_equal

        try:
            await self.house.until(is_equal, "the tables equal a rebuild", is_mining=False)
        except NeverCame:
            findings.wrong.append(f"tables differ from a rebuild: {different or 'behind the head'}")
