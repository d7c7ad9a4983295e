"""A client of the market: files through the API, transactions by its own key through outbox, sender and signer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import HireTerms, JobEscrowProxy, hire_calldata
from agents_offchain.chain.proxies.token import approve_calldata, mint_calldata
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.demo.errors import DemoFailed
from agents_offchain.cli.demo.story import DemoStory, Material
from agents_offchain.cli.market import MarketOpening, OpenListing
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.documents import IPFS_PREFIX, RequestDocument, RequestInput
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox, OutboxItem

KEY = "client"
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 30.0
ESCROW_ABI = load_abi("JobEscrow")


class ApiRefused(Refused):
    """The API said no, in the words of its problem document."""


@dataclass(frozen=True)
class Uploaded:
    """What the client stored: the file and the request that names it."""

    input_cid: str
    request_cid: str


class DemoClient:
    """One wallet with its files.

    Args:
        run_tag: Makes the intents of this run its own.
    """

    def __init__(self, settings: Settings, node: Node, database: Database, market: MarketOpening, run_tag: str) -> None:
        self._deployment: Deployment = market.deployment
        self._node = node
        self._database = database
        self._run_tag = run_tag
        self._sender = Sender(
            node=node,
            database=database,
            signer=SignerClient(settings.signer_socket),
            key=KEY,
            chain_id=market.deployment.chain_id,
            abis=[ESCROW_ABI, load_abi("TestDollar")],
            confirmations=0,
        )

    async def setup(self) -> bytes:
        """The wallet's address, ready to send."""
        await self._sender.setup()
        self._outbox = Outbox(self._database, self._sender.lane)
        return self._sender.address

    async def take_money(self, amount: int, allowance: int) -> int:
        """Take test dollars from the faucet and let the escrow draw `allowance`; the block of the last of the two."""
        token, escrow = self._deployment.address("TestDollar"), self._deployment.address("JobEscrow")
        await self._plan("mint", token, mint_calldata(self._sender.address, amount))
        await self._plan("approve", token, approve_calldata(escrow, allowance))
        minted = await self._confirmed("mint")
        approved = await self._confirmed("approve")
        return max(minted.block_number or 0, approved.block_number or 0)

    async def upload(self, page: str, story: DemoStory, listing: OpenListing) -> Uploaded:
        """Store the file and the request document by the public API."""
        async with httpx.AsyncClient(base_url=page, timeout=30, trust_env=False) as api:
            stored = await _store(api, story.material)
            request = RequestDocument(
                service=listing.service,
                listing_id=listing.listing_id,
                input=stored,
                attachments=[await _store(api, material) for material in story.attachments],
                settings=dict(story.settings),
                criteria=story.criteria,
                note=story.note,
            )
            answer = await _ask(api, "/api/v1/requests", json=request.as_dict())
        return Uploaded(stored.cid, answer["cid"])

    async def hire(self, market: MarketOpening, listing: OpenListing, request_cid: str) -> int:
        """Create, fund and describe the job in one transaction; its id."""
        escrow = JobEscrowProxy.of(self._node, self._deployment)
        policy = await escrow.policy(self._deployment.policy_id)
        head = await self._node.block()
        now = head.timestamp if head else 0
        terms = HireTerms(
            provider=market.agent_wallet,
            policy_id=self._deployment.policy_id,
            budget=listing.price,
            expired_at=now + listing.work_seconds + policy.tail_seconds,
            agent_id=market.agent_id,
            listing_id=listing.listing_id,
            description=IPFS_PREFIX + request_cid,
        )
        await self._plan("hire", escrow.address, hire_calldata(terms))
        item = await self._confirmed("hire")
        return await self._job_id(item)

    async def _job_id(self, item: OutboxItem) -> int:
        receipt = await self._node.receipt(item.tx_hash or b"")
        for entry in receipt.logs if receipt else []:
            found = ESCROW_ABI.decode_log(entry.topics, entry.data)
            if found is not None and found[0] == "JobCreated":
                return int(found[1]["jobId"])
        raise DemoFailed("The hire was mined, but created no job.")

    async def _plan(self, kind: str, to: bytes, data: bytes) -> None:
        async with self._database.write() as connection:
            await self._outbox.plan(connection, Intent(self._intent(kind), kind, to, data))

    async def _confirmed(self, kind: str) -> OutboxItem:
        """Drive the sender until the intent is on the chain."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    item = await self._status_after_step(kind)
                    if item is not None and item.status == CONFIRMED:
                        return item
                    if item is not None and item.status == FAILED:
                        raise DemoFailed(f"The client's transaction {kind} failed: {item.error}")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise DemoFailed(f"The client's transaction {kind} was not mined in time.") from error

    async def _status_after_step(self, kind: str) -> OutboxItem | None:
        try:
            await self._sender.step()
        except Retryable:
            return None
        return await self._outbox.status(self._intent(kind))

    def _intent(self, kind: str) -> str:
        return f"demo:{self._run_tag}:{kind}"


async def _store(api: httpx.AsyncClient, material: Material) -> RequestInput:
    """Upload a file; what a request document says of it."""
    stored = await _ask(
        api, "/api/v1/uploads", files={"file": (material.path.name, material.data, material.media_type)}
    )
    return RequestInput(
        cid=stored["cid"], media_type=material.media_type, bytes=len(material.data), sha256=material.sha256_hex
    )


async def _ask(api: httpx.AsyncClient, path: str, **content: Any) -> dict[str, Any]:
    response = await api.post(path, **content)
    answer = response.json() if response.content else {}
    if response.is_success:
        return dict(answer)
    raise ApiRefused(
        str(answer.get("detail") or answer.get("title") or f"The API answered HTTP {response.status_code}."),
        mend=str(answer.get("mend", "")),
        status=response.status_code,
    )
