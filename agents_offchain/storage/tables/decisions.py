"""What agents decided together: vows, proposals, ballots, certificates, outcomes and evidence.

Each agent or daemon uses its own `consumer` name. Proposals, councils, voters and members are bytes; times are unix
seconds of this machine's clock.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from agents_offchain.storage.tables.metadata import Bytes, Json, metadata

agreement_vows = Table(
    "agreement_vows",
    metadata,
    Column("council_id", Bytes, primary_key=True),
    Column("proposal", Bytes, primary_key=True),
    Column("member", Bytes, primary_key=True),
    Column("vows", Json, nullable=False),
    Column("updated_at", Float, nullable=False),
)
"""What a member bound itself to in an agreement; written before anybody hears of it."""

decisions = Table(
    "decisions",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("proposal", Bytes, primary_key=True),
    Column("council_id", Bytes, nullable=False),  # empty for a plain vote
    Column("subject", Json, nullable=False),  # what was asked
    Column("status", String(12), nullable=False),  # open, decided, tied, failed
    Column("outcome", Json, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("certificate", Json),
    Column("digest", Bytes, nullable=False, default=b""),  # of the decision's document, as certified on chain
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float),
    Index("ix_decisions_status", "consumer", "status", "opened_at"),
)
"""One row per proposal, from question to outcome."""

decision_ballots = Table(
    "decision_ballots",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("proposal", Bytes, primary_key=True),
    Column("voter", Bytes, primary_key=True),
    Column("ordinal", Integer, primary_key=True),  # 0: the first; 1: another one, kept as evidence
    Column("choice", Json, nullable=False),
    Column("signature", Bytes, nullable=False),
    Column("received_at", Float, nullable=False),
)
"""Signed ballots; a voter with two rows contradicted itself and counts for nothing."""

decision_evidence = Table(
    "decision_evidence",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("proposal", Bytes, primary_key=True),
    Column("member", Bytes, primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("round", BigInteger, primary_key=True),
    Column("first", Json, nullable=False),
    Column("second", Json, nullable=False),
    Column("received_at", Float, nullable=False),
)
"""Two signed messages of one member about one round that contradict each other."""

decision_anchors = Table(
    "decision_anchors",
    metadata,
    Column("consumer", String(80), primary_key=True),
    Column("proposal", Bytes, primary_key=True),
    Column("leaf", Bytes, nullable=False),  # SHA2-256 of the exported record
    Column("root", Bytes, nullable=False, index=True),
    Column("place", Integer, nullable=False),  # in its batch
    Column("anchored_at", Float, nullable=False),
    Column("line", Bytes),  # the exported record as it was then; none in what an older release anchored
)
"""Which closed decision went into which batch, whose root is sent to `DecisionLedger.anchor`."""
