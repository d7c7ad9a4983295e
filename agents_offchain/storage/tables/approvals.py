"""What waits for a person's word. Times are unix seconds (float), effects and seals bytes."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from agents_offchain.storage.tables.metadata import Bytes, Json, metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("scope", String(40), nullable=False),  # who asks: signer
    Column("subject", String(80), nullable=False),  # for whom: a key's name
    Column("effect", Bytes, nullable=False),  # names what would be done, whatever its nonce and fees
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Json, nullable=False),
    Column("status", String(12), nullable=False),  # waiting, approved, denied
    Column("requested_at", Float, nullable=False),
    Column("decided_at", Float),
    Column("decided_by", String(120)),
    Column("note", Text),
    Column("expires_at", Float),
    Column("seal", Bytes),
    Index("ix_approvals_effect", "scope", "effect", "id"),
    Index("ix_approvals_status", "status", "id"),
)
"""Questions to a person and their answers. Whoever acts on an answer checks its seal; the table proves nothing."""
