"""Vouchers, orders and carried hires."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Json, Uint256

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("channel_id", sa.LargeBinary(), nullable=False),
        sa.Column("payer", sa.LargeBinary(), nullable=False),
        sa.Column("payee", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("grace_seconds", sa.BigInteger(), nullable=False),
        sa.Column("salt", Uint256(), nullable=False),
        sa.Column("deposit", Uint256(), nullable=False),
        sa.Column("claimed", Uint256(), nullable=False),
        sa.Column("closable_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_block", sa.BigInteger(), nullable=False),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
        sa.Column("intent", sa.String(160)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("book", "channel_id", name="pk_channels"),
    )
    op.create_index("ix_channels_stale", "channels", ["book", "is_stale"])
    op.create_index("ix_channels_payee", "channels", ["book", "payee"])
    op.create_index("ix_channels_intent", "channels", ["intent"])
    op.create_table(
        "vouchers",
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("channel_id", sa.LargeBinary(), nullable=False),
        sa.Column("cumulative", Uint256(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("book", "channel_id", "cumulative", name="pk_vouchers"),
    )
    op.create_table(
        "payment_orders",
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("payer", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", Uint256(), nullable=False),
        sa.Column("payee", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("amount", Uint256(), nullable=False),
        sa.Column("valid_before", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("intent", sa.String(160)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("book", "payer", "nonce", name="pk_payment_orders"),
    )
    op.create_index("ix_payment_orders_queue", "payment_orders", ["book", "status", "valid_before"])
    op.create_table(
        "relays",
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("budget", Uint256(), nullable=False),
        sa.Column("terms", Json, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("intent", sa.String(160)),
        sa.Column("cost_wei", Uint256()),
        sa.Column("tx_hash", sa.LargeBinary()),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("book", "client", "nonce", name="pk_relays"),
    )
    op.create_index("ix_relays_queue", "relays", ["book", "status", "received_at"])
    op.create_index("ix_relays_client", "relays", ["client", "received_at"])
