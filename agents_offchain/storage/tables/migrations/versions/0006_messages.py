"""Dead messages, effects, access to the HTTP API, visiting agents and anchors of decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes, Json

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _messages()
    _access()
    _visitors()
    op.create_table(
        "decision_anchors",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("proposal", Bytes, nullable=False),
        sa.Column("leaf", Bytes, nullable=False),
        sa.Column("root", Bytes, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("anchored_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "proposal", name="pk_decision_anchors"),
    )
    op.create_index("ix_decision_anchors_root", "decision_anchors", ["root"])


def _messages() -> None:
    op.create_table(
        "dead_messages",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=80), nullable=False),
        sa.Column("message_id", sa.String(length=160), nullable=False),
        sa.Column("sender", sa.String(length=160), nullable=False),
        sa.Column("target", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("header", Bytes, nullable=False),
        sa.Column("body", Bytes, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_messages"),
    )
    op.create_index("ix_dead_messages_host", "dead_messages", ["host", "status"])
    op.create_table(
        "handled_messages",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("effect_key", sa.String(length=330), nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "effect_key", name="pk_handled_messages"),
    )
    op.create_index("ix_handled_messages_at", "handled_messages", ["consumer", "at"])


def _access() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", Bytes, nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=True),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_table(
        "sign_in_nonces",
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("address", Bytes, nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_sign_in_nonces"),
    )
    op.create_table(
        "idempotent_requests",
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("request_hash", Bytes, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", Json, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name="pk_idempotent_requests"),
    )
    op.create_index("ix_idempotent_requests_at", "idempotent_requests", ["at"])


def _visitors() -> None:
    op.create_table(
        "visiting_agents",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("wallet", Bytes, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("capabilities", Json, nullable=False),
        sa.Column("registered_at", sa.Float(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visiting_agents"),
    )
    op.create_index("ix_visiting_agents_lease", "visiting_agents", ["lease_until"])
    op.create_table(
        "agent_mail",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("agent", sa.String(length=160), nullable=False),
        sa.Column("message_id", sa.String(length=160), nullable=False),
        sa.Column("sender", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_mail"),
    )
    op.create_index("ix_agent_mail_agent", "agent_mail", ["agent", "id"])
    op.create_index("uq_agent_mail_message", "agent_mail", ["agent", "sender", "message_id"], unique=True)
