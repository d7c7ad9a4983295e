"""Disputes over jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes, Uint256

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("job_id", Uint256(), nullable=False),
        sa.Column("party", Bytes, nullable=False),
        sa.Column("is_by_client", sa.Boolean(), nullable=False),
        sa.Column("bond", Uint256(), nullable=False),
        sa.Column("rule_by", sa.BigInteger(), nullable=False),
        sa.Column("evidence", Bytes, nullable=False),
        sa.Column("is_countered", sa.Boolean(), nullable=False),
        sa.Column("fee", Uint256()),
        sa.Column("dispute_id", Uint256()),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("is_by_court", sa.Boolean()),
        sa.Column("provider_bps", sa.Integer()),
        sa.Column("is_overturned", sa.Boolean()),
        sa.PrimaryKeyConstraint("job_id", name="pk_disputes"),
    )
