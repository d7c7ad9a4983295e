"""The shapes that go out. Money is a decimal string of the smallest unit, ids are strings, times unix seconds."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A part of a list; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


class ListingOut(BaseModel):
    """An offer with the agent behind it. Names and texts are a stranger's words."""

    listing_id: str
    agent_id: str
    agent_name: str
    owner: str
    wallet: str
    service_type: str
    pricing_model: str
    price: str
    decimals: int
    symbol: str
    policy_id: int
    work_seconds: int
    uri: str
    is_available: bool
    created_at: int
    reputation_score: int | None
    jobs_completed: int
    jobs_total: int


class VerdictOut(BaseModel):
    """What the quorum of reporters said; the score is 0 to 100."""

    score: int
    report_hash: str
    report_cid: str
    posted_at: int
    signers: list[str]


class EventOut(BaseModel):
    """A log of the chain about this job."""

    name: str
    contract: str
    tx_hash: str
    block_number: int
    log_index: int
    at: int
    args: dict[str, Any]


class ProgressOut(BaseModel):
    """What a daemon says while it works: shown, never trusted."""

    at: float = Field(description="the daemon's clock, unix seconds; events carry chain time")
    source: str
    stage: str
    detail: str


class PayoutOut(BaseModel):
    """Money of the job that became due to somebody: provider, client, treasury or reporters."""

    to: str
    amount: str
    kind: str


class DisputeOut(BaseModel):
    """The dispute over a job; amounts in the smallest unit of its token."""

    party: str
    is_by_client: bool
    bond: str
    is_countered: bool
    evidence: str | None = Field(description="sha2-256 of a document")
    court_dispute_id: str | None = Field(description="null until it is before the court")
    opened_at: int
    rule_by: int = Field(description="after this silence decides, unix seconds")
    ended_at: int | None
    is_by_court: bool | None = Field(description="false: silence decided, or the parties had agreed")
    provider_bps: int | None = Field(description="what decided: the provider's share, in 1/10,000")
    is_overturned: bool | None


class JobOut(BaseModel):
    """A job as its events leave it."""

    job_id: str
    generation: int = Field(description="of the market's contracts; a job's id is of one generation")
    reference: str = Field(description="what the job is called: its id in the newest generation, else `generation:id`")
    client: str
    provider: str
    evaluator: str
    agent_id: str | None
    agent_name: str | None = Field(description="what the agent calls itself; null when it says nothing")
    listing_id: str | None
    service_type: str | None
    policy_id: int
    token: str
    symbol: str
    decimals: int
    budget: str
    status: str = Field(description="open, funded, submitted, completed, rejected or expired")
    description: str
    request_cid: str | None
    deliverable: str | None
    result_cid: str | None
    reason: str | None
    created_at: int
    work_by: int
    expired_at: int
    funded_at: int | None
    submitted_at: int | None
    settled_at: int | None
    verdict: VerdictOut | None
    settleable_at: int | None
    dispute: DisputeOut | None


class JobDetailOut(JobOut):
    """A job with its history."""

    events: list[EventOut]
    progress: list[ProgressOut]
    payouts: list[PayoutOut]


class AgentOut(BaseModel):
    """An on-chain agent; `is_active` while its newest listing is available."""

    agent_id: str
    owner: str
    wallet: str
    uri: str
    name: str
    description: str
    is_active: bool
    created_at: int
    listings: list[ListingOut]
    jobs: list[JobOut]


class TransactionOut(BaseModel):
    """A movement of a job's money. `amount_decimal` is the amount in whole tokens."""

    id: str
    job_id: str
    generation: int
    reference: str = Field(description="what the job is called, as in a job")
    agent_id: str | None
    service_type: str
    kind: str
    amount: str
    amount_decimal: str
    decimals: int
    symbol: str
    from_address: str
    to_address: str
    status: str
    created_at: int
    tx_hash: str
    log_index: int
    block_number: int


class HealthOut(BaseModel):
    """`status` is ok or degraded; each check is ok or one word of what is wrong."""

    status: str
    chain_id: int
    block: int
    head: int
    lag_blocks: int
    checks: dict[str, str]


class StoredOut(BaseModel):
    """A stored file."""

    cid: str
    bytes: int
    sha256: str
    media_type: str


class RequestOut(BaseModel):
    """A stored request document."""

    cid: str


class TakenOut(BaseModel):
    """A promise that is kept."""

    kind: str
    key: str
    is_new: bool
    adds: str
