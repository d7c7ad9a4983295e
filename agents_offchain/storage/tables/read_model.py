"""What the indexer derives from events, and nobody else writes. Times are block times (unix seconds, integer),
money is an integer of the token's smallest unit, addresses and hashes are bytes.

`generation` says to which deployment of the market a row belongs (`chain.addresses`): the number of a job, a
listing or a policy row means something within its generation alone. Agents are the same in all of them.

`events` is the only source: every other table is a fold of it and can be dropped and made again
(`indexer.rebuild`). `changes`, `chain_heads` and `tokens` help readers and are no facts about the market.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256, metadata


def _generation(**options: Any) -> Column[int]:
    return Column("generation", Integer, nullable=False, server_default="1", **options)


events = Table(
    "events",
    metadata,
    Column("chain_id", BigInteger, nullable=False),
    Column("tx_hash", Bytes, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", Bytes, nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("contract", String(40), nullable=False),
    Column("address", Bytes, nullable=False),
    Column("name", String(60), nullable=False),
    Column("args", Json, nullable=False),
    Column("entity", String(12)),  # agent, listing, job, policy; NULL when the log is about none of them
    Column("entity_id", Uint256),
    _generation(),
    Index("ix_events_entity", "generation", "entity", "entity_id", "block_number", "log_index"),
    PrimaryKeyConstraint("chain_id", "block_number", "log_index", name="pk_events"),
)
"""Every decoded log of the watched contracts, as the chain has it now; a log's place in it is its key."""

agents = Table(
    "agents",
    metadata,
    Column("agent_id", Uint256, primary_key=True),
    Column("owner", Bytes, nullable=False, index=True),
    Column("wallet", Bytes, nullable=False, index=True),  # zero while the agent has none
    Column("uri", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
"""ERC-8004 agents: who owns them, who is paid, where they describe themselves."""

agent_listings = Table(
    "agent_listings",
    metadata,
    Column("id", String(36), primary_key=True),  # UUIDv5 of (chain, transaction, log index)
    _generation(),
    Column("listing_id", Uint256, nullable=False),
    Column("agent_id", Uint256, nullable=False, index=True),
    Column("service_type", String(64), nullable=False),
    Column("pricing_model", String(20), nullable=False),
    Column("price", Uint256, nullable=False),
    Column("policy_id", BigInteger, nullable=False),
    Column("work_seconds", BigInteger, nullable=False),
    Column("criteria_hash", Bytes, nullable=False),
    Column("uri", Text, nullable=False),
    Column("is_available", Boolean, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("reputation_score", Integer),  # 0 to 100; NULL while no reputation is known
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # that count for it: of its agent, done by who owns the agent now or is paid for it now
    Column("jobs_completed", Integer, nullable=False, server_default="0"),
    UniqueConstraint("generation", "listing_id", name="uq_agent_listings_listing"),
    Index("ix_agent_listings_service", "generation", "service_type", "is_closed", "price"),
    Index("ix_agent_listings_newest", "generation", "is_closed", "listing_id"),
    Index("ix_agent_listings_completed", "generation", "is_closed", "jobs_completed", "listing_id"),
    Index("ix_agent_listings_price", "generation", "is_closed", "price", "listing_id"),
    Index("ix_agent_listings_speed", "generation", "is_closed", "work_seconds", "listing_id"),
)
"""What agents offer."""

policies = Table(
    "policies",
    metadata,
    _generation(primary_key=True),
    Column("policy_id", BigInteger, primary_key=True),
    Column("policy_hash", Bytes, nullable=False),
    Column("evaluator", Bytes, nullable=False),
    Column("token", Bytes, nullable=False),
    Column("hook", Bytes, nullable=False),
    Column("fee_bps", Integer, nullable=False),
    Column("pool_share_bps", Integer, nullable=False),
    Column("pass_mark", Integer, nullable=False),
    Column("verdict_seconds", BigInteger, nullable=False),
    Column("review_seconds", BigInteger, nullable=False),
    Column("court_seconds", BigInteger, nullable=False),
    Column("grace_seconds", BigInteger, nullable=False),
    Column("is_ledger_only", Boolean, nullable=False),
    Column("is_retired", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""Terms that many jobs share."""

jobs = Table(
    "jobs",
    metadata,
    _generation(primary_key=True),
    Column("job_id", Uint256, primary_key=True),
    Column("client", Bytes, nullable=False),
    Column("provider", Bytes, nullable=False),  # zero while none is named
    Column("evaluator", Bytes, nullable=False),
    Column("agent_id", Uint256),
    Column("listing_id", Uint256),
    Column("policy_id", BigInteger),
    Column("budget", Uint256, nullable=False),
    Column("status", String(12), nullable=False),  # open, funded, submitted, completed, rejected, expired
    Column("description", Text, nullable=False),
    Column("deliverable", Bytes),
    Column("reason", Bytes),
    Column("paid", Uint256, nullable=False),  # to the provider
    Column("refunded", Uint256, nullable=False),
    Column("fee_treasury", Uint256, nullable=False),
    Column("fee_reporters", Uint256, nullable=False),
    Column("expired_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("funded_at", BigInteger),
    Column("submitted_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("created_tx", Bytes, nullable=False),
    Index("ix_jobs_client", "client", "generation", "job_id"),
    Index("ix_jobs_provider", "provider", "generation", "job_id"),
    Index("ix_jobs_status", "status", "generation", "job_id"),
    Index("ix_jobs_listing", "listing_id", "generation", "status"),
    Index("ix_jobs_agent", "agent_id", "status"),
)
"""ERC-8183 jobs as their events leave them."""

verdicts = Table(
    "verdicts",
    metadata,
    _generation(primary_key=True),
    Column("job_id", Uint256, primary_key=True),
    Column("report_hash", Bytes, nullable=False),
    Column("deliverable", Bytes, nullable=False),
    Column("score", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("signer_bitmap", Uint256, nullable=False),
    Column("posted_at", BigInteger, nullable=False),
    Column("tx_hash", Bytes, nullable=False),
)
"""The posted verdict of a job."""

disputes = Table(
    "disputes",
    metadata,
    _generation(primary_key=True),
    Column("job_id", Uint256, primary_key=True),
    Column("party", Bytes, nullable=False),  # who opened it
    Column("is_by_client", Boolean, nullable=False),
    Column("bond", Uint256, nullable=False),
    Column("rule_by", BigInteger, nullable=False),  # after this silence decides
    Column("evidence", Bytes, nullable=False),  # sha2-256 of a document, or zero
    Column("is_countered", Boolean, nullable=False),
    Column("fee", Uint256),  # NULL until it is before the court
    Column("dispute_id", Uint256),  # of the court
    Column("opened_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("is_by_court", Boolean),  # false: silence decided, or the parties had agreed
    Column("provider_bps", Integer),
    Column("is_overturned", Boolean),
)
"""The dispute over a job."""

marketplace_transactions = Table(
    "marketplace_transactions",
    metadata,
    Column("id", String(36), primary_key=True),  # UUIDv5 of (chain, transaction, log index[, leg])
    _generation(),
    Column("job_id", Uint256, nullable=False),
    Column("agent_id", Uint256),
    Column("service_type", String(64), nullable=False),  # empty when the job names no listing of that agent
    Column("kind", String(16), nullable=False),  # escrowed, released, refunded, fee_treasury, fee_reporters
    Column("amount", Uint256, nullable=False),
    Column("from_address", Bytes, nullable=False),
    Column("to_address", Bytes, nullable=False),
    Column("status", String(12), nullable=False),  # held (escrowed, job not ended) or final
    Column("created_at", BigInteger, nullable=False),
    Column("tx_hash", Bytes, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Index("ix_marketplace_transactions_job", "job_id", "generation", "block_number", "log_index"),
    Index("ix_marketplace_transactions_agent", "agent_id", "created_at"),
    Index("ix_marketplace_transactions_time", "created_at"),
)
"""Every movement of a job's money: into the escrow, and out of it to whom it became due."""

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("entity", String(12), nullable=False),  # agent, listing, job, policy
    Column("entity_id", Uint256, nullable=False),
    Column("status", String(12), nullable=False),  # of a job; "gone" when the chain took the entity back
    Column("block_number", BigInteger, nullable=False),
    _generation(),
    sqlite_autoincrement=True,
)
"""What has changed lately, for live readers; the oldest rows are dropped. Ids are never used twice."""

chain_heads = Table(
    "chain_heads",
    metadata,
    Column("chain_id", BigInteger, primary_key=True, autoincrement=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_time", BigInteger, nullable=False),
)
"""The newest block the read model has taken, with its time."""

tokens = Table(
    "tokens",
    metadata,
    Column("address", Bytes, primary_key=True),
    Column("symbol", String(32), nullable=False),
    Column("decimals", Integer, nullable=False),
)
"""What the ERC-20 contracts named by policies say of themselves; read once, as it never changes."""

FOLDED = (events, agents, agent_listings, policies, jobs, verdicts, disputes, marketplace_transactions)
"""Tables that a rebuild from the first block must reproduce row for row."""
