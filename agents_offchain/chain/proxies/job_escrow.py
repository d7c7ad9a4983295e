"""JobEscrow, read: jobs, policies, credits; and the calldata of its verbs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import LATEST, Node
from agents_offchain.primitives.hexes import decode_address
from agents_offchain.primitives.units import JobId, TokenUnits

ABI = load_abi("JobEscrow")


class JobStatus(IntEnum):
    """ERC-8183 states, in the standard's order."""

    OPEN = 0
    FUNDED = 1
    SUBMITTED = 2
    COMPLETED = 3
    REJECTED = 4
    EXPIRED = 5

    @property
    def is_final(self) -> bool:
        return self >= JobStatus.COMPLETED


@dataclass(frozen=True)
class Job:
    """A job as the escrow holds it; times are unix seconds, 0 where not reached."""

    job_id: JobId
    client: bytes
    provider: bytes
    evaluator: bytes
    token: bytes
    policy_id: int
    budget: TokenUnits
    work_by: int
    expired_at: int
    submitted_at: int
    status: JobStatus


@dataclass(frozen=True)
class Policy:
    """The immutable row of terms behind a job; windows in seconds, shares in bps."""

    evaluator: bytes
    token: bytes
    fee_bps: int
    pool_share_bps: int
    pass_mark: int
    verdict_seconds: int
    review_seconds: int
    court_seconds: int
    grace_seconds: int

    @property
    def tail_seconds(self) -> int:
        """From the last moment to deliver to expiry."""
        return self.verdict_seconds + self.review_seconds + self.court_seconds + self.grace_seconds


@dataclass(frozen=True)
class HireTerms:
    """What a client agrees to; field order is the contract's."""

    provider: bytes
    policy_id: int
    budget: TokenUnits
    expired_at: int
    agent_id: int
    listing_id: int
    description: str


class JobEscrowProxy:
    """Views of one JobEscrow."""

    def __init__(self, node: Node, address: bytes) -> None:
        self._node = node
        self.address = address

    @classmethod
    def of(cls, node: Node, deployment: Deployment) -> JobEscrowProxy:
        """The escrow of one generation."""
        return cls(node, deployment.address("JobEscrow"))

    async def job(self, job_id: int, *, block: int | str = LATEST) -> Job:
        """Raises ContractReverted for a job that was never created."""
        row = await self._node.call(ABI, self.address, "jobOf", job_id, block=block)
        return Job(
            job_id=JobId(job_id),
            client=decode_address(row["client"]),
            provider=decode_address(row["provider"]),
            evaluator=decode_address(row["evaluator"]),
            token=decode_address(row["token"]),
            policy_id=row["policyId"],
            budget=TokenUnits(row["budget"]),
            work_by=row["workBy"],
            expired_at=row["expiredAt"],
            submitted_at=row["submittedAt"],
            status=JobStatus(row["status"]),
        )

    async def policy(self, policy_id: int, *, block: int | str = LATEST) -> Policy:
        row = await self._node.call(ABI, self.address, "policyOf", policy_id, block=block)
        return Policy(
            evaluator=decode_address(row["evaluator"]),
            token=decode_address(row["token"]),
            fee_bps=row["feeBps"],
            pool_share_bps=row["poolShareBps"],
            pass_mark=row["passMark"],
            verdict_seconds=row["verdictSeconds"],
            review_seconds=row["reviewSeconds"],
            court_seconds=row["courtSeconds"],
            grace_seconds=row["graceSeconds"],
        )

    async def credit(self, token: bytes, account: bytes, *, block: int | str = LATEST) -> TokenUnits:
        """What an account can withdraw from the escrow's ledger."""
        return TokenUnits(await self._node.call(ABI, self.address, "creditOf", token, account, block=block))


def submit_calldata(job_id: int, deliverable: bytes) -> bytes:
    """`submit`: `deliverable` is the SHA2-256 of the result document, 32 bytes."""
    return ABI.encode_call("submit", job_id, deliverable, b"")


def decline_calldata(job_id: int) -> bytes:
    return ABI.encode_call("decline", job_id)


def no_show_calldata(job_id: int) -> bytes:
    return ABI.encode_call("noShow", job_id)


def hire_calldata(terms: HireTerms) -> bytes:
    return ABI.encode_call(
        "hire",
        (
            terms.provider,
            terms.policy_id,
            terms.budget,
            terms.expired_at,
            terms.agent_id,
            terms.listing_id,
            terms.description,
        ),
    )


def withdraw_calldata(token: bytes) -> bytes:
    """`withdraw`: everything that the escrow owes the sender in one token."""
    return ABI.encode_call("withdraw", "0x" + token.hex())
