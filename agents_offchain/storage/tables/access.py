"""Who may use the HTTP API and what it remembers of them. Times are unix seconds."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table

from agents_offchain.storage.tables.metadata import Bytes, Json, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("secret_hash", Bytes, nullable=False),  # SHA2-256 of 32 random bytes; the key itself is shown once
    Column("scopes", Json, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
)
"""Keys of services."""

sign_in_nonces = Table(
    "sign_in_nonces",
    metadata,
    Column("nonce", String(32), primary_key=True),
    Column("address", Bytes, nullable=False),
    Column("expires_at", Float, nullable=False),
)
"""Challenges that were given out and not used; taking one deletes it."""

idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("principal", String(120), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("request_hash", Bytes, nullable=False),
    Column("status", Integer, nullable=False),  # 0 while it is under way
    Column("response", Json, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_idempotent_requests_at", "at"),
)
"""What a request under an Idempotency-Key was answered."""

visiting_agents = Table(
    "visiting_agents",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("wallet", Bytes, nullable=False),
    Column("name", String(64), nullable=False),
    Column("description", String(500), nullable=False),
    Column("capabilities", Json, nullable=False),
    Column("registered_at", Float, nullable=False),
    Column("lease_until", Float, nullable=False),
    Index("ix_visiting_agents_lease", "lease_until"),
)
"""Agents that registered by HTTP: they have no process on the message server, and their mail is kept for them."""

agent_mail = Table(
    "agent_mail",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("agent", String(160), nullable=False),
    Column("message_id", String(160), nullable=False),
    Column("sender", String(160), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("body", Json, nullable=False),
    Column("at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("ix_agent_mail_agent", "agent", "id"),
    Index("uq_agent_mail_message", "agent", "sender", "message_id", unique=True),
)
"""Messages to visiting agents, until they say that they have them."""
