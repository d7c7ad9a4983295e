"""Disputes on their way through the court, and the seats that a juror of this home has.

`book` is `chain_id:0x<contract>`: of the DisputeDesk for cases, of the JurorCourt for seats.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from agents_offchain.storage.tables.metadata import Bytes, Uint256, metadata

court_cases = Table(
    "court_cases",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("book", String(64), primary_key=True),
    Column("job_id", Uint256, primary_key=True),
    Column("dispute_id", Uint256),  # of the court; none before it was referred
    Column("opened_at", BigInteger, nullable=False),
    Column("stage", String(12), nullable=False),  # open, ended
    Column("changed_block", BigInteger, nullable=False),
    Column("intent", String(160)),  # the step on its way
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("error", Text),
    Column("updated_at", Float, nullable=False),
    Index("ix_court_cases_queue", "consumer", "stage", "not_before"),
)
"""One row per dispute that a daemon carries on or judges."""

juror_seats = Table(
    "juror_seats",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("book", String(64), primary_key=True),
    Column("dispute_id", Uint256, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("seat", Integer, primary_key=True),
    Column("share_bps", Integer),  # the vote; none until somebody has made up his mind
    Column("salt", Bytes),  # written before the commitment leaves; without it nothing can be revealed
    Column("stage", String(12), nullable=False),  # open, over
    Column("changed_block", BigInteger, nullable=False),
    Column("intent", String(160)),
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("error", Text),
    Column("updated_at", Float, nullable=False),
    Index("ix_juror_seats_queue", "consumer", "stage", "not_before"),
)
"""One row per seat of a juror, with its secret vote."""
