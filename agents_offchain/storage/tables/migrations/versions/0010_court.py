"""Disputes before the court, and jurors' seats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Uint256

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "court_cases",
        sa.Column("consumer", sa.String(80), nullable=False),
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("job_id", Uint256(), nullable=False),
        sa.Column("dispute_id", Uint256()),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("changed_block", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.String(160)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "book", "job_id", name="pk_court_cases"),
    )
    op.create_index("ix_court_cases_queue", "court_cases", ["consumer", "stage", "not_before"])
    op.create_table(
        "juror_seats",
        sa.Column("consumer", sa.String(80), nullable=False),
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("dispute_id", Uint256(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("share_bps", sa.Integer()),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("changed_block", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.String(160)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "book", "dispute_id", "round", "seat", name="pk_juror_seats"),
    )
    op.create_index("ix_juror_seats_queue", "juror_seats", ["consumer", "stage", "not_before"])
