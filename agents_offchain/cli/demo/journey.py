"""The story of one job, step by step, on a stack that is started for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.proxies.job_escrow import Job, Policy
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.cli.demo.balances import ESCROW, Snapshot, read_snapshot, require_conserved
from agents_offchain.cli.demo.client import DemoClient, Uploaded
from agents_offchain.cli.demo.errors import DemoFailed
from agents_offchain.cli.demo.follow import JobFollower, PostedEvent
from agents_offchain.cli.demo.ledger import read_transactions
from agents_offchain.cli.demo.receipt import SYMBOL, Receipt, ReporterLine
from agents_offchain.cli.demo.story import DemoStory
from agents_offchain.cli.market import MarketOpening, OpenListing
from agents_offchain.cli.stack import LocalStack
from agents_offchain.cli.steps import StepList
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.units import TOKEN_DECIMALS, format_tokens, share_down
from agents_offchain.storage.artifacts.client import KuboArtifactStore, digest_to_cid

POCKET_MONEY = 100 * 10**TOKEN_DECIMALS
MAX_DOCUMENT_BYTES = 1 << 20
MAX_KEPT_BYTES = 64 << 20
DELIVER_SECONDS, CHECK_SECONDS, POST_SECONDS, SETTLE_SECONDS = 90.0, 120.0, 30.0, 30.0

TITLES = {
    "start": "Start the market on this machine",
    "fund": "Give the client test dollars",
    "upload": "Store the file and the request",
    "hire": "Hire the agent; the escrow locks the pay",
    "deliver": "The agent does the work and hands it over",
    "check": "Three reporters do the work again and compare",
    "post": "The verdict is posted",
    "clock": "Move the local chain's clock past the review window",
    "settle": "The job is settled and the agent is paid",
    "prove": "Read everything back from the chain",
}


@dataclass(frozen=True)
class Hired:
    """A job on its way, and the balances before it."""

    job_id: int
    uploaded: Uploaded
    listing: OpenListing
    policy: Policy
    accounts: dict[str, bytes]
    before: Snapshot
    first_block: int


@dataclass(frozen=True)
class Settled:
    """A paid job with what the oracle posted."""

    job: Job
    posted: PostedEvent
    agreeing: set[bytes]
    clock_moved_seconds: int


class Journey:
    """Takes one story down the river.

    Args:
        folder: Where the artifact is saved that the story keeps.
    """

    def __init__(self, stack: LocalStack, steps: StepList, story: DemoStory, run_tag: str, folder: Path) -> None:
        self._stack = stack
        self._steps = steps
        self._story = story
        self._run_tag = run_tag
        self._folder = folder

    async def travel(self) -> Receipt:
        """Every step once; the receipt.

        Raises:
            AitbcError: of the step that failed; the step list says which.
        """
        async with self._steps.step("start") as note:
            where = await self._stack.start()
            note(f"page {where.page}, chain {where.rpc}")
        hired = await self._hire(self._market())
        settled = await self._follow(hired)
        async with self._steps.step("prove"):
            return await self._prove(hired, settled)

    def _market(self) -> MarketOpening:
        if self._stack.market is None:
            raise DemoFailed("The market did not open.")
        return self._stack.market

    async def _hire(self, market: MarketOpening) -> Hired:
        node, listing = self._stack.node, _listing(market, self._story.service)
        first_block = 1 if self._stack.is_new_chain else await node.block_number()
        client = DemoClient(self._stack.settings, node, self._stack.database, market, self._run_tag)
        address = await client.setup()
        accounts = _accounts(market, address)
        async with self._steps.step("fund") as note:
            block = await client.take_money(POCKET_MONEY, int(listing.price))
            before = await self._snapshot(market, accounts, block)
            note(f"{_money(before.held('client'))} in the client's wallet at block {block}")
        async with self._steps.step("upload") as note:
            uploaded = await client.upload(self._stack.endpoints.page, self._story, listing)
            note(f"request {uploaded.request_cid}")
        async with self._steps.step("hire") as note:
            job_id = await client.hire(market, listing, uploaded.request_cid)
            note(f"job {job_id}, {_money(int(listing.price))} locked")
        policy = await self._follower(job_id).escrow.policy(market.deployment.policy_id)
        return Hired(job_id, uploaded, listing, policy, accounts, before, first_block)

    async def _follow(self, hired: Hired) -> Settled:
        follower = self._follower(hired.job_id)
        async with self._steps.step("deliver") as note:
            job = await follower.until_submitted(note, DELIVER_SECONDS)
        async with self._steps.step("check") as note:
            quorum = await follower.oracle.quorum()
            count = await follower.until_agreed(quorum, note, CHECK_SECONDS)
            note(f"{count} reporters agree, {quorum} are needed")
        async with self._steps.step("post") as note:
            verdict = await follower.until_posted(note, POST_SECONDS)
            note(f"score {verdict.score} of 100")
        async with self._steps.step("clock") as note:
            moved = await self._end_review(follower, hired.job_id)
            note(f"moved ahead by {moved} s (only a local chain can do that)")
        async with self._steps.step("settle") as note:
            job = await follower.until_settled(note, SETTLE_SECONDS)
            note("paid")
        last = await self._stack.node.block_number()
        return Settled(job, await follower.posted_event(hired.first_block, last), await follower.agreeing(), moved)

    async def _end_review(self, follower: JobFollower, job_id: int) -> int:
        """Move the chain's clock to where anybody may settle; by how many seconds."""
        settleable_at = await follower.oracle.settleable_at(job_id)
        head = await self._stack.node.block()
        if settleable_at is None or head is None:
            raise DemoFailed("The oracle does not say when the job can be settled.")
        seconds = max(settleable_at - head.timestamp + 1, 0)
        if seconds:
            await ChainControl(self._stack.node, SystemClock()).advance_time(seconds)
        return seconds

    async def _prove(self, hired: Hired, settled: Settled) -> Receipt:
        """Read documents by their digests on chain, balances at one block, and add up."""
        market, node = self._market(), self._stack.node
        last = await node.block_number()
        after = await self._snapshot(market, hired.accounts, last)
        fee = share_down(int(settled.job.budget), hired.policy.fee_bps)
        require_conserved(hired.before, after, budget=int(settled.job.budget), fee=fee)
        result = await self._document(settled.posted.deliverable)
        report = await self._document(settled.posted.report_hash)
        kept = result["artifacts"].get(self._story.kept, {})
        return Receipt(
            job_id=hired.job_id,
            chain_id=market.deployment.chain_id,
            escrow=market.deployment.address("JobEscrow"),
            agent_id=market.agent_id,
            listing_id=hired.listing.listing_id,
            budget=int(settled.job.budget),
            fee=fee,
            input_cid=hired.uploaded.input_cid,
            request_cid=hired.uploaded.request_cid,
            result_cid=digest_to_cid(settled.posted.deliverable),
            report_cid=digest_to_cid(settled.posted.report_hash),
            deliverable=encode_hex(settled.posted.deliverable),
            what=self._story.what,
            kept=self._story.kept,
            kept_cid=kept.get("cid", ""),
            kept_path=await self._save(kept, hired.job_id),
            findings=self._story.findings(result["output"]),
            shown=self._story.show(result["output"]),
            score=settled.posted.score,
            pass_mark=hired.policy.pass_mark,
            checks=report["checks"],
            reporters=_reporters(market, settled),
            transactions=await read_transactions(node, market.deployment, hired.first_block, last),
            accounts=hired.accounts,
            before=hired.before,
            after=after,
            clock_moved_seconds=settled.clock_moved_seconds,
            timings=self._steps.timings(),
        )

    async def _document(self, digest: bytes) -> dict[str, Any]:
        """A document by its digest on chain; its bytes are hashed once more here."""
        data = await self._artifacts().get(digest_to_cid(digest), MAX_DOCUMENT_BYTES)
        if sha256(data) != digest:
            raise DemoFailed("A document's bytes do not have the digest that is on chain.")
        return dict(json.loads(data))

    async def _save(self, entry: dict[str, Any], job_id: int) -> Path | None:
        if not entry:
            return None
        data = await self._artifacts().get(str(entry["cid"]), MAX_KEPT_BYTES)
        self._folder.mkdir(parents=True, exist_ok=True)
        suffix = "jpg" if entry["media_type"] == "image/jpeg" else str(entry["media_type"]).rsplit("/", 1)[-1]
        path = self._folder / f"job-{job_id}-{self._story.kept}.{suffix}"
        path.write_bytes(data)
        return path

    async def _snapshot(self, market: MarketOpening, accounts: dict[str, bytes], block: int) -> Snapshot:
        token = TokenProxy(self._stack.node, market.deployment.address("TestDollar"))
        return await read_snapshot(token, self._follower(0).escrow, accounts, block)

    def _follower(self, job_id: int) -> JobFollower:
        return JobFollower(self._stack.node, self._stack.database, self._market().deployment, job_id)

    def _artifacts(self) -> KuboArtifactStore:
        return KuboArtifactStore(self._stack.endpoints.artifacts)


def _accounts(market: MarketOpening, client: bytes) -> dict[str, bytes]:
    deployment = market.deployment
    return {
        "client": client,
        "agent": market.agent_wallet,
        "treasury": deployment.treasury,
        "reporters' pool": deployment.address("ResultOracle"),
        ESCROW: deployment.address("JobEscrow"),
    }


def _listing(market: MarketOpening, service: str) -> OpenListing:
    for listing in market.listings:
        if listing.service == service:
            return listing
    raise DemoFailed(f"The agent does not offer {service}.")


def _reporters(market: MarketOpening, settled: Settled) -> list[ReporterLine]:
    return [
        ReporterLine(f"reporter-{number}", address, address in settled.posted.signers, address in settled.agreeing)
        for number, address in enumerate(market.deployment.reporters, start=1)
    ]


def _money(amount: int) -> str:
    return f"{format_tokens(amount)} {SYMBOL}"
