"""What the indexer derives from events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "agent_listings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("listing_id", Uint256(), nullable=False),
        sa.Column("agent_id", Uint256(), nullable=False),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        sa.Column("pricing_model", sa.String(length=20), nullable=False),
        sa.Column("price", Uint256(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("work_seconds", sa.BigInteger(), nullable=False),
        sa.Column("criteria_hash", Bytes, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("reputation_score", sa.Integer()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_listings"),
        sa.UniqueConstraint("listing_id", name="uq_agent_listings_listing_id"),
    )
    op.create_index("ix_agent_listings_agent_id", "agent_listings", ["agent_id"])
    op.create_index("ix_agent_listings_service", "agent_listings", ["service_type", "is_closed", "price"])
    op.create_table(
        "agents",
        sa.Column("agent_id", Uint256(), nullable=False),
        sa.Column("owner", Bytes, nullable=False),
        sa.Column("wallet", Bytes, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agents"),
    )
    op.create_index("ix_agents_owner", "agents", ["owner"])
    op.create_index("ix_agents_wallet", "agents", ["wallet"])
    op.create_table(
        "chain_heads",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name="pk_chain_heads"),
    )
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("entity", sa.String(length=12), nullable=False),
        sa.Column("entity_id", Uint256(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", Bytes, nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", Bytes, nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("address", Bytes, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("args", Json, nullable=False),
        sa.Column("entity", sa.String(length=12)),
        sa.Column("entity_id", Uint256()),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "log_index", name="pk_events"),
    )
    op.create_index("ix_events_block", "events", ["block_number", "log_index"])
    op.create_index("ix_events_entity", "events", ["entity", "entity_id", "block_number", "log_index"])
    op.create_table(
        "jobs",
        sa.Column("job_id", Uint256(), nullable=False),
        sa.Column("client", Bytes, nullable=False),
        sa.Column("provider", Bytes, nullable=False),
        sa.Column("evaluator", Bytes, nullable=False),
        sa.Column("agent_id", Uint256()),
        sa.Column("listing_id", Uint256()),
        sa.Column("policy_id", sa.BigInteger()),
        sa.Column("budget", Uint256(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("deliverable", Bytes),
        sa.Column("reason", Bytes),
        sa.Column("paid", Uint256(), nullable=False),
        sa.Column("refunded", Uint256(), nullable=False),
        sa.Column("fee_treasury", Uint256(), nullable=False),
        sa.Column("fee_reporters", Uint256(), nullable=False),
        sa.Column("expired_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("funded_at", sa.BigInteger()),
        sa.Column("submitted_at", sa.BigInteger()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("created_tx", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_agent", "jobs", ["agent_id", "status"])
    op.create_index("ix_jobs_client", "jobs", ["client", "job_id"])
    op.create_index("ix_jobs_listing", "jobs", ["listing_id", "status"])
    op.create_index("ix_jobs_provider", "jobs", ["provider", "job_id"])
    op.create_index("ix_jobs_status", "jobs", ["status", "job_id"])
    op.create_table(
        "marketplace_transactions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("job_id", Uint256(), nullable=False),
        sa.Column("agent_id", Uint256()),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", Uint256(), nullable=False),
        sa.Column("from_address", Bytes, nullable=False),
        sa.Column("to_address", Bytes, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", Bytes, nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_marketplace_transactions"),
    )
    op.create_index("ix_marketplace_transactions_agent", "marketplace_transactions", ["agent_id", "created_at"])
    op.create_index(
        "ix_marketplace_transactions_job", "marketplace_transactions", ["job_id", "block_number", "log_index"]
    )
    op.create_index("ix_marketplace_transactions_time", "marketplace_transactions", ["created_at"])
    op.create_table(
        "policies",
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("policy_hash", Bytes, nullable=False),
        sa.Column("evaluator", Bytes, nullable=False),
        sa.Column("token", Bytes, nullable=False),
        sa.Column("hook", Bytes, nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("pool_share_bps", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("verdict_seconds", sa.BigInteger(), nullable=False),
        sa.Column("review_seconds", sa.BigInteger(), nullable=False),
        sa.Column("court_seconds", sa.BigInteger(), nullable=False),
        sa.Column("grace_seconds", sa.BigInteger(), nullable=False),
        sa.Column("is_ledger_only", sa.Boolean(), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", name="pk_policies"),
    )
    op.create_table(
        "tokens",
        sa.Column("address", Bytes, nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_tokens"),
    )
    op.create_table(
        "verdicts",
        sa.Column("job_id", Uint256(), nullable=False),
        sa.Column("report_hash", Bytes, nullable=False),
        sa.Column("deliverable", Bytes, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("signer_bitmap", Uint256(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_verdicts"),
    )
