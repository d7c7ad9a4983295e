"""Cases, commitments and conflicts of the oracle's daemons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "oracle_cases",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("job_key", sa.String(length=120), nullable=False),
        sa.Column("job_id", Uint256(), nullable=False),
        sa.Column("chain_state", sa.String(length=12), nullable=False),
        sa.Column("is_posted", sa.Boolean(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("request_uri", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("deliverable", Bytes, nullable=False),
        sa.Column("changed_block", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("notes", Json, nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "job_key", name="pk_oracle_cases"),
    )
    op.create_index("ix_oracle_cases_queue", "oracle_cases", ["consumer", "chain_state", "stage", "not_before"])
    op.create_table(
        "verdict_commits",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("job_key", sa.String(length=120), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("signer", Bytes, nullable=False),
        sa.Column("commitment", Bytes, nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "job_key", "submitted_at", "signer", name="pk_verdict_commits"),
    )
    op.create_table(
        "verdict_conflicts",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("job_key", sa.String(length=120), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("signer", Bytes, nullable=False),
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("verdict", Json, nullable=False),
        sa.Column("signature", Bytes, nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "job_key", "submitted_at", "signer", "digest", name="pk_verdict_conflicts"),
    )
