"""Rows of the read model as values; fields are the columns of `storage.tables.read_model`, in their order."""

from __future__ import annotations

from typing import NamedTuple


class AgentRow(NamedTuple):
    """An ERC-8004 agent; `wallet` is zero while it has none."""

    agent_id: int
    owner: bytes
    wallet: bytes
    uri: str
    created_at: int
    updated_at: int


class ListingRow(NamedTuple):
    """An offer; `price` in the smallest unit of its token. `jobs_completed` is counted later (`completed.py`)."""

    id: str
    generation: int
    listing_id: int
    agent_id: int
    service_type: str
    pricing_model: str
    price: int
    policy_id: int
    work_seconds: int
    criteria_hash: bytes
    uri: str
    is_available: bool
    is_closed: bool
    reputation_score: int | None
    created_at: int
    updated_at: int
    jobs_completed: int = 0


class PolicyRow(NamedTuple):
    """Terms that jobs share; shares in 1/10,000, windows in seconds."""

    generation: int
    policy_id: int
    policy_hash: bytes
    evaluator: bytes
    token: bytes
    hook: bytes
    fee_bps: int
    pool_share_bps: int
    pass_mark: int
    verdict_seconds: int
    review_seconds: int
    court_seconds: int
    grace_seconds: int
    is_ledger_only: bool
    is_retired: bool
    created_at: int


class JobRow(NamedTuple):
    """A job; amounts in the smallest unit of its token, times in unix seconds."""

    generation: int
    job_id: int
    client: bytes
    provider: bytes
    evaluator: bytes
    agent_id: int | None
    listing_id: int | None
    policy_id: int | None
    budget: int
    status: str
    description: str
    deliverable: bytes | None
    reason: bytes | None
    paid: int
    refunded: int
    fee_treasury: int
    fee_reporters: int
    expired_at: int
    created_at: int
    funded_at: int | None
    submitted_at: int | None
    settled_at: int | None
    created_tx: bytes


class VerdictRow(NamedTuple):
    """The posted verdict of a job; bit i of `signer_bitmap` is the oracle's i-th reporter."""

    generation: int
    job_id: int
    report_hash: bytes
    deliverable: bytes
    score: int
    epoch: int
    signer_bitmap: int
    posted_at: int
    tx_hash: bytes


class DisputeRow(NamedTuple):
    """The dispute over a job; amounts in the smallest unit of its token, times in unix seconds, shares in 1/10,000.

    `ended_at` and what follows are None while it is open; `provider_bps` is then what decided, `is_by_court` by whom.
    """

    generation: int
    job_id: int
    party: bytes
    is_by_client: bool
    bond: int
    rule_by: int
    evidence: bytes
    is_countered: bool
    fee: int | None
    dispute_id: int | None
    opened_at: int
    ended_at: int | None
    is_by_court: bool | None
    provider_bps: int | None
    is_overturned: bool | None


class TransactionRow(NamedTuple):
    """A movement of a job's money; `status` is held while it sits in the escrow, else final."""

    id: str
    generation: int
    job_id: int
    agent_id: int | None
    service_type: str
    kind: str
    amount: int
    from_address: bytes
    to_address: bytes
    status: str
    created_at: int
    tx_hash: bytes
    log_index: int
    block_number: int
