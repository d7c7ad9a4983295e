"""Queues, cursors and intents of the daemons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("handled_at", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
    )
    op.create_index("ix_commands_queue", "commands", ["target", "status", "id"])
    op.create_table(
        "cursors",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", Bytes, nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name="pk_cursors"),
    )
    op.create_table(
        "headers",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "block_number", name="pk_headers"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("backlog", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("process", name="pk_heartbeats"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", Bytes, nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", Bytes, nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("args", Json, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "chain_id", "tx_hash", "log_index", name="pk_inbox"),
    )
    op.create_index("ix_inbox_queue", "inbox", ["consumer", "status", "block_number", "log_index"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("lane", sa.String(length=60), nullable=False),
        sa.Column("intent_key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("to_address", Bytes, nullable=False),
        sa.Column("data", Bytes, nullable=False),
        sa.Column("value_wei", Uint256(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("tx_hash", Bytes),
        sa.Column("block_number", sa.BigInteger()),
        sa.Column("block_hash", Bytes),
        sa.Column("gas_used", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("lane", "intent_key", name="uq_outbox_intent"),
    )
    op.create_index("ix_outbox_queue", "outbox", ["lane", "status", "id"])
    op.create_table(
        "progress",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("job_key", sa.String(length=120), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_progress"),
    )
    op.create_index("ix_progress_job_key", "progress", ["job_key"])
    op.create_table(
        "transactions",
        sa.Column("tx_hash", Bytes, nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=60), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", Bytes, nullable=False),
        sa.Column("max_fee_wei", Uint256(), nullable=False),
        sa.Column("tip_wei", Uint256(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("tx_hash", name="pk_transactions"),
    )
    op.create_index("ix_transactions_nonce", "transactions", ["lane", "nonce"])
    op.create_index("ix_transactions_outbox_id", "transactions", ["outbox_id"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("client", sa.String(length=120), nullable=False),
        sa.Column("cid", sa.String(length=120), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_client", "uploads", ["client", "at"])
    op.create_table(
        "verdict_signatures",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("job_key", sa.String(length=120), nullable=False),
        sa.Column("signer", Bytes, nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("deliverable", Bytes, nullable=False),
        sa.Column("report_hash", Bytes, nullable=False),
        sa.Column("report_cid", sa.String(length=120), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("signature", Bytes, nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "job_key", "signer", "submitted_at", name="pk_verdict_signatures"),
    )
    op.create_table(
        "work",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("job_key", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("lease_owner", sa.String(length=80)),
        sa.Column("lease_until", sa.Float()),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("terms", Json, nullable=False),
        sa.Column("checkpoint", Json),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "job_key", name="pk_work"),
    )
    op.create_index("ix_work_queue", "work", ["consumer", "status", "created_at"])
