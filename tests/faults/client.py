"""A client who hires with a key of its own and keeps the signed bytes, so that it can send them again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.node import Receipt
from agents_offchain.chain.proxies.job_escrow import HireTerms, JobEscrowProxy, JobStatus, hire_calldata
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.hexes import checksum
from agents_offchain.storage.artifacts.client import KuboArtifactStore
from tests.faults.house import PATIENCE_SECONDS, House
from tests.faults.skill_child import SERVICE

WEALTH = 10**10
"""Minted to the client at first, in the token's smallest unit; what one call of the faucet gives."""
ESCROW, TOKEN = load_abi("JobEscrow"), load_abi("TestDollar")


@dataclass(frozen=True)
class Hired:
    """A job and the signed bytes that made it."""

    job_id: int
    raw: bytes


class Client:
    """Hires the house's agent."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.account = Account.create()
        self.address = bytes.fromhex(self.account.address[2:])
        self._store = KuboArtifactStore(house.artifacts_url)
        self._nonce = 0
        self._requests = 0

    async def arrive(self) -> None:
        """Coins for gas, tokens for jobs, and leave for the escrow to take them."""
        node, deployment = self.house.node, self.house.deployment
        await node.request("anvil_setBalance", self.account.address, hex(10**21))
        escrow = deployment.address("JobEscrow")
        await self.send("TestDollar", TOKEN.encode_call("mint", self.address, WEALTH))
        await self.send("TestDollar", TOKEN.encode_call("approve", escrow, 2**255))
        data = b"what the agent is asked to look at"
        self._input = {
            "cid": await self._store.put(data),
            "media_type": "text/plain",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }

    async def hire(self) -> Hired:
        """A request of its own, funded at the listing's price."""
        raw = await self.sign_hire()
        receipt = await self.broadcast(raw)
        return Hired(self.job_of(receipt), raw)

    async def hire_at_once(self, count: int) -> list[Hired]:
        """Many jobs, in the fewest blocks that hold them."""
        signed = [await self.sign_hire() for _ in range(count)]
        for raw in signed:
            await self.house.node.send_raw(raw)
        return [Hired(self.job_of(await self.receipt_of(raw)), raw) for raw in signed]

    async def sign_hire(self, provider: bytes = b"") -> bytes:
        listing = self.house.market.listings[0]
        self._requests += 1
        document = {
            "schema": "aitbc.request/1",
            "service": SERVICE,
            "listing_id": listing.listing_id,
            "input": self._input,
            "settings": {},
            "criteria": {"kind": "re-execution", "box_tolerance_px": 1, "score_tolerance": 0.001, "text": "equal"},
            "note": f"request {self._requests}",
        }
        cid = await self._store.put(canonical_json(document))
        policy = await JobEscrowProxy.of(self.house.node, self.house.deployment).policy(self.house.deployment.policy_id)
        head = await self.house.node.block()
        assert head is not None
        terms = HireTerms(
            provider=provider or self.house.market.agent_wallet,
            policy_id=self.house.deployment.policy_id,
            budget=listing.price,
            expired_at=head.timestamp + listing.work_seconds + policy.tail_seconds + 86_400,
            agent_id=listing.agent_id,
            listing_id=listing.listing_id,
            description="ipfs://" + cid,
        )
        return self.sign("JobEscrow", hire_calldata(terms))

    async def send(self, contract: str, data: bytes) -> Receipt:
        return await self.broadcast(self.sign(contract, data))

    def sign(self, contract: str, data: bytes) -> bytes:
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": DEVNET_CHAIN_ID,
            "nonce": self._nonce,
            "to": checksum(self.house.deployment.address(contract)),
            "value": 0,
            "data": data,
            "gas": 900_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        }
        self._nonce += 1
        return bytes(self.account.sign_transaction(fields).raw_transaction)

    async def broadcast(self, raw: bytes) -> Receipt:
        """Send bytes, also again after the chain took them back; the receipt, of a success."""
        await self.house.node.send_raw(raw)
        return await self.receipt_of(raw)

    async def receipt_of(self, raw: bytes) -> Receipt:
        tx_hash = bytes(keccak(raw))
        receipt: Receipt = await self.house.until(
            lambda: self.house.node.receipt(tx_hash), "the client's transaction is mined"
        )
        assert receipt.is_success, "the client's transaction reverted"
        return receipt

    @staticmethod
    def job_of(receipt: Receipt) -> int:
        for entry in receipt.logs:
            decoded = ESCROW.decode_log(entry.topics, entry.data)
            if decoded is not None and decoded[0] == "JobCreated":
                return int(decoded[1]["jobId"])
        raise AssertionError("no job was created")

    async def status(self, job_id: int) -> JobStatus:
        escrow = JobEscrowProxy.of(self.house.node, self.house.deployment)
        return (await escrow.job(job_id)).status

    async def until_status(self, job_id: int, status: JobStatus, *, seconds: float = PATIENCE_SECONDS) -> None:
        async def reached() -> bool:
            return await self.status(job_id) == status

        await self.house.until(reached, f"job {job_id} is {status.name.lower()}", seconds=seconds)
