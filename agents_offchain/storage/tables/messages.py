"""What messages leave behind: dead ones, and notes of the effects that happened. Times are unix seconds."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, String, Table, Text

from agents_offchain.storage.tables.metadata import Bytes, Json, metadata

dead_messages = Table(
    "dead_messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("host", String(80), nullable=False),  # the inbox where it died
    Column("message_id", String(160), nullable=False),
    Column("sender", String(160), nullable=False),
    Column("target", String(160), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("header", Bytes, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("status", String(12), nullable=False),  # dead, replayed
    Column("at", Float, nullable=False),
    Index("ix_dead_messages_host", "host", "status"),
)
"""Messages that could not be delivered or handled; one sent back by an operator waits here for its host."""

handled_messages = Table(
    "handled_messages",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("effect_key", String(330), primary_key=True),
    Column("result", Json, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_handled_messages_at", "consumer", "at"),
)
"""Effects that happened, written in the same transaction as the effect."""
