"""What reporters, publisher and keeper know of each job, and the evidence of who said what.

Each daemon uses its own `consumer` name. Times ending in `_at` are unix seconds: of the chain where they are
integers, of this machine's clock where they are floats.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256, metadata

oracle_cases = Table(
    "oracle_cases",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("job_key", String(120), primary_key=True),  # chain_id:escrow:job_id
    Column("job_id", Uint256, nullable=False),
    Column("chain_state", String(12), nullable=False),  # open, funded, submitted, ended, unsure
    Column("is_posted", Boolean, nullable=False, default=False),
    Column("policy_id", BigInteger, nullable=False, default=0),
    Column("request_uri", Text, nullable=False, default=""),
    Column("submitted_at", BigInteger, nullable=False, default=0),
    Column("deliverable", Bytes, nullable=False, default=b""),
    Column("changed_block", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False, default=0),  # chain time of the next exit; 0: not known yet
    Column("stage", String(12), nullable=False),  # the daemon's own progress; `new` first
    Column("notes", Json, nullable=False),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("updated_at", Float, nullable=False),
    Index("ix_oracle_cases_queue", "consumer", "chain_state", "stage", "not_before"),
)
"""One row per house job a daemon of the oracle follows: what the chain says, and how far the daemon is."""

verdict_commits = Table(
    "verdict_commits",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("job_key", String(120), primary_key=True),
    Column("submitted_at", BigInteger, primary_key=True),
    Column("signer", Bytes, primary_key=True),
    Column("commitment", Bytes, nullable=False),
    Column("is_late", Boolean, nullable=False, default=False),  # after the first reveal was seen
    Column("received_at", Float, nullable=False),
)
"""The first commitment of each reporter to its verdict on a submission."""

verdict_conflicts = Table(
    "verdict_conflicts",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("job_key", String(120), primary_key=True),
    Column("submitted_at", BigInteger, primary_key=True),
    Column("signer", Bytes, primary_key=True),
    Column("digest", Bytes, primary_key=True),  # EIP-712 digest of the second verdict
    Column("verdict", Json, nullable=False),
    Column("signature", Bytes, nullable=False),
    Column("received_at", Float, nullable=False),
)
"""Equivocation: a validly signed verdict that differs from the one held in `verdict_signatures`."""
