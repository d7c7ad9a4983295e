"""Queues, cursors and intents of the daemons. Times are unix seconds (float), addresses and hashes bytes.

Each daemon uses its own `consumer` (or `lane`) name, so many can share one database.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256, metadata

cursors = Table(
    "cursors",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", Bytes, nullable=False),
    Column("updated_at", Float, nullable=False),
)
"""The last block whose events a consumer has taken, whole."""

headers = Table(
    "headers",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("block_number", BigInteger, primary_key=True),
    Column("block_hash", Bytes, nullable=False),
)
"""Recent block hashes as a consumer saw them; where they end matching the chain, a reorganisation began."""

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", Bytes, primary_key=True),
    Column("log_index", Integer, primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", Bytes, nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("contract", String(40), nullable=False),
    Column("event", String(60), nullable=False),
    Column("args", Json, nullable=False),
    Column("status", String(12), nullable=False),  # new, done, dead, orphaned
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("received_at", Float, nullable=False),
    Index("ix_inbox_queue", "consumer", "status", "block_number", "log_index"),
)
"""Facts a daemon has still to act on; one row per log, so a log is handled once."""

work = Table(
    "work",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("job_key", String(120), primary_key=True),  # chain_id:escrow:job_id
    Column("status", String(12), nullable=False),  # new, leased, delivered, done, refused, dead
    Column("lease_owner", String(80)),
    Column("lease_until", Float),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("terms", Json, nullable=False),
    Column("checkpoint", Json),
    Column("error", Text),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("ix_work_queue", "consumer", "status", "created_at"),
)
"""One row per job a daemon has to do something for; a lease says which worker has it now."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("lane", String(60), nullable=False),  # chain_id:address; one nonce sequence
    Column("intent_key", String(160), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("to_address", Bytes, nullable=False),
    Column("data", Bytes, nullable=False),
    Column("value_wei", Uint256, nullable=False, default=0),
    Column("status", String(12), nullable=False),  # planned, sent, confirmed, failed
    Column("tx_hash", Bytes),
    Column("block_number", BigInteger),
    Column("block_hash", Bytes),
    Column("gas_used", BigInteger),
    Column("error", Text),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    UniqueConstraint("lane", "intent_key", name="uq_outbox_intent"),
    Index("ix_outbox_queue", "lane", "status", "id"),
)
"""Intended transactions; the intent key makes asking twice harmless."""

transactions = Table(
    "transactions",
    metadata,
    Column("tx_hash", Bytes, primary_key=True),
    Column("outbox_id", Integer, nullable=False, index=True),
    Column("lane", String(60), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("raw", Bytes, nullable=False),
    Column("max_fee_wei", Uint256, nullable=False),
    Column("tip_wei", Uint256, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("ix_transactions_nonce", "lane", "nonce"),
)
"""Signed attempts, written before they are broadcast; replacements share the nonce."""

verdict_signatures = Table(
    "verdict_signatures",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("job_key", String(120), primary_key=True),
    Column("signer", Bytes, primary_key=True),
    Column("submitted_at", BigInteger, primary_key=True),
    Column("deliverable", Bytes, nullable=False),
    Column("report_hash", Bytes, nullable=False),
    Column("report_cid", String(120), nullable=False),
    Column("score", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("signature", Bytes, nullable=False),
    Column("received_at", Float, nullable=False),
)
"""Signed verdicts: a reporter's own, written before they leave it, and those a publisher has gathered."""

progress = Table(
    "progress",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_key", String(120), nullable=False, index=True),
    Column("stage", String(40), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("source", String(80), nullable=False),
    Column("at", Float, nullable=False),
)
"""What daemons say while they work; shown live, never trusted."""

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("process", String(80), primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("block_number", BigInteger, nullable=False, default=0),
    Column("backlog", Integer, nullable=False, default=0),
    Column("detail", Text, nullable=False, default=""),
    Column("started_at", Float, nullable=False),
    Column("at", Float, nullable=False),
)

commands = Table(
    "commands",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("target", String(80), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", Json, nullable=False),
    Column("status", String(12), nullable=False),  # new, done, refused
    Column("requested_by", String(120), nullable=False),
    Column("result", Text),
    Column("created_at", Float, nullable=False),
    Column("handled_at", Float),
    Index("ix_commands_queue", "target", "status", "id"),
)
"""What the page or the CLI asks of a daemon."""

uploads = Table(
    "uploads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("client", String(120), nullable=False),
    Column("cid", String(120), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_uploads_client", "client", "at"),
)
"""Who stored how much lately, for the upload quota."""
