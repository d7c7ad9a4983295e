"""Vows, decisions, ballots and evidence of agents that decide together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes, Json

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "agreement_vows",
        sa.Column("council_id", Bytes, nullable=False),
        sa.Column("proposal", Bytes, nullable=False),
        sa.Column("member", Bytes, nullable=False),
        sa.Column("vows", Json, nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("council_id", "proposal", "member", name="pk_agreement_vows"),
    )
    op.create_table(
        "decisions",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("proposal", Bytes, nullable=False),
        sa.Column("council_id", Bytes, nullable=False),
        sa.Column("subject", Json, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("outcome", Json, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("certificate", Json),
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float()),
        sa.PrimaryKeyConstraint("consumer", "proposal", name="pk_decisions"),
    )
    op.create_index("ix_decisions_status", "decisions", ["consumer", "status", "opened_at"])
    op.create_table(
        "decision_ballots",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("proposal", Bytes, nullable=False),
        sa.Column("voter", Bytes, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("choice", Json, nullable=False),
        sa.Column("signature", Bytes, nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "proposal", "voter", "ordinal", name="pk_decision_ballots"),
    )
    op.create_table(
        "decision_evidence",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("proposal", Bytes, nullable=False),
        sa.Column("member", Bytes, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("first", Json, nullable=False),
        sa.Column("second", Json, nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "proposal", "member", "kind", "round", name="pk_decision_evidence"),
    )
