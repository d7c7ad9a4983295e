"""The real contracts on a real local chain, with a client and an agent that act by unlocked accounts."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account

from agents_offchain.chain.addresses import Deployment, parse_deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.devnet.anvil import AnvilSpec, find_anvil
from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.market_plan import MarketPlan
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import HireTerms, hire_calldata, submit_calldata
from agents_offchain.primitives.units import TokenUnits
from tests.unit.messaging.key_ring import KeyRing

ROOT = Path(__file__).resolve().parents[3]
DOLLAR = 10**6


class TransactionRing(KeyRing):
    """A key ring that signs transactions too."""

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes:
        fields = {**fields, "to": bytes.fromhex(fields["to"][2:]), "type": 2}
        signed = Account.sign_transaction(fields, self._secret(key).secret)
        return bytes(signed.raw_transaction)


@dataclass
class Market:
    """A deployed market and two people who use it."""

    node: Node
    deployment: Deployment
    ring: TransactionRing
    accounts: list[str]

    async def send(self, sender: int, contract: str, data: bytes) -> None:
        """A transaction of an unlocked account, mined and successful."""
        fields = {
            "from": self.accounts[sender],
            "to": "0x" + self.deployment.address(contract).hex(),
            "data": "0x" + data.hex(),
        }
        tx_hash = await self.node.request("eth_sendTransaction", fields)
        async with asyncio.timeout(20):
            while (receipt := await self.node.receipt(bytes.fromhex(tx_hash[2:]))) is None:
                await asyncio.sleep(0.01)
        assert receipt.is_success

    async def hire(self, uri: str) -> int:
        """The client (account 1) locks a dollar for the agent (account 2); the job's id."""
        token, escrow = load_abi("TestDollar"), self.deployment.address("JobEscrow")
        client = bytes.fromhex(self.accounts[1][2:])
        await self.send(1, "TestDollar", token.encode_call("mint", client, DOLLAR))
        await self.send(1, "TestDollar", token.encode_call("approve", escrow, DOLLAR))
        head = await self.node.block()
        assert head is not None
        terms = HireTerms(
            provider=bytes.fromhex(self.accounts[2][2:]),
            policy_id=self.deployment.policy_id,
            budget=TokenUnits(DOLLAR),
            expired_at=head.timestamp + 30 * 86_400,
            agent_id=0,
            listing_id=1,
            description=uri,
        )
        await self.send(1, "JobEscrow", hire_calldata(terms))
        return int(await self.node.call(load_abi("JobEscrow"), escrow, "jobCount"))

    async def submit(self, job_id: int, deliverable: bytes) -> None:
        await self.send(2, "JobEscrow", submit_calldata(job_id, deliverable))

    async def advance(self, seconds: int) -> None:
        await self.node.request("evm_increaseTime", seconds)
        await self.node.request("evm_mine")

    async def stake(self, *keys: str) -> None:
        """Put the reporters with these keys on the roll, each with the least stake, paid by account 0."""
        dollar, stake = load_abi("TestDollar"), load_abi("ReporterStake")
        payer, amount = bytes.fromhex(self.accounts[0][2:]), 100 * DOLLAR
        await self.send(0, "TestDollar", dollar.encode_call("mint", payer, amount * len(keys)))
        spender = self.deployment.address("ReporterStake")
        await self.send(0, "TestDollar", dollar.encode_call("approve", spender, amount * len(keys)))
        for key in keys:
            call = stake.encode_call("stakeFor", self.ring.address_of(key), amount)
            await self.send(0, "ReporterStake", call)

    async def newest_transaction(self) -> dict[str, Any]:
        """The only transaction of the newest block, as it can be sent again."""
        block = await self.node.request("eth_getBlockByNumber", "latest", True)
        (found,) = block["transactions"]
        return {name: found[name] for name in ("from", "to", "input", "nonce", "gas")}

    async def reorganise(self, *transactions: dict[str, Any]) -> None:
        """Replace the newest block by one of the same time with these transactions, and build on it."""
        await self.node.request("anvil_reorg", 1, [[fields, 0] for fields in transactions])
        await self.node.request("evm_mine")


@asynccontextmanager
async def open_market() -> AsyncIterator[Market]:
    """Start a chain on a free port, deploy, and take everything down at the end."""
    with tempfile.TemporaryDirectory(prefix="aitbc-chain-") as folder:
        spec = AnvilSpec(find_anvil(ROOT), Path(folder), _free_port())
        process = await asyncio.create_subprocess_exec(*spec.argv(), stdout=asyncio.subprocess.DEVNULL)
        node = Node(spec.url)
        try:
            await _until_it_answers(node)
            yield await _deploy(node)
        finally:
            await node.close()
            process.kill()
            await process.wait()


async def _deploy(node: Node) -> Market:
    ring = TransactionRing()
    accounts = await node.request("eth_accounts")
    for key in ("keeper", "reporter-1", "reporter-2", "reporter-3"):
        await node.request("anvil_setBalance", "0x" + ring.address_of(key).hex(), hex(10**20))
    plan = MarketPlan(
        chain_id=31337,
        network="local",
        owner=bytes.fromhex(accounts[0][2:]),
        treasury=b"\x77" * 20,
        reporters=tuple(ring.address_of(f"reporter-{number}") for number in (1, 2, 3)),
    )
    document = await asyncio.to_thread(_deploy_blocking, plan, node.url, accounts[0])
    return Market(node, parse_deployment(document), ring, accounts)


def _deploy_blocking(plan: MarketPlan, url: str, sender: str) -> dict[str, Any]:
    with httpx.Client(trust_env=False, timeout=30) as client:

        def ask(method: str, *params: Any) -> Any:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return client.post(url, json=body).json()["result"]

        def transact(to: str, data: bytes) -> dict[str, Any]:
            tx_hash = ask("eth_sendTransaction", {"from": sender, "to": to, "data": "0x" + data.hex()})
            for _ in range(500):
                if receipt := ask("eth_getTransactionReceipt", tx_hash):
                    return dict(receipt)
                time.sleep(0.01)
            raise TimeoutError(tx_hash)

        def call(to: str, data: bytes) -> bytes:
            return bytes.fromhex(ask("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])

        def code_at(address: str) -> bytes:
            return bytes.fromhex(ask("eth_getCode", address, "latest")[2:])

        return deploy_market(plan, transact=transact, call=call, code_at=code_at)


async def _until_it_answers(node: Node) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await node.chain_id()
                return
            except NodeUnavailable:
                await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
