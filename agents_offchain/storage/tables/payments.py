"""Money promised off chain: channels with their vouchers, orders, and hires that somebody carries for a client.

`book` is `chain_id:0x<PaymentChannels>`, so that rows of two deployments never meet; amounts are in the smallest unit
of the token. Times ending in `_at` or named `valid_...` are unix seconds: of the chain where they are integers, of this
machine's clock where they are floats.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from agents_offchain.storage.tables.metadata import Bytes, Json, Uint256, metadata

channels = Table(
    "channels",
    metadata,
    Column("book", String(64), primary_key=True),
    Column("channel_id", Bytes, primary_key=True),
    Column("payer", Bytes, nullable=False),
    Column("payee", Bytes, nullable=False),
    Column("token", Bytes, nullable=False),
    Column("grace_seconds", BigInteger, nullable=False),
    Column("salt", Uint256, nullable=False),
    Column("deposit", Uint256, nullable=False, default=0),
    Column("claimed", Uint256, nullable=False, default=0),
    Column("closable_at", BigInteger, nullable=False, default=0),  # 0 while open
    Column("changed_block", BigInteger, nullable=False, default=0),
    Column("is_stale", Boolean, nullable=False, default=True),  # the chain said something since it was read
    Column("intent", String(160)),  # the claim on its way
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("error", Text),
    Column("updated_at", Float, nullable=False),
    Index("ix_channels_stale", "book", "is_stale"),
    Index("ix_channels_payee", "book", "payee"),
    Index("ix_channels_intent", "intent"),
)
"""What each channel holds, as last read at a block, and how far the cashier is with claiming from it."""

vouchers = Table(
    "vouchers",
    metadata,
    Column("book", String(64), primary_key=True),
    Column("channel_id", Bytes, primary_key=True),
    Column("cumulative", Uint256, primary_key=True),
    Column("signature", Bytes, nullable=False),
    Column("received_at", Float, nullable=False),
)
"""Verified vouchers; those below what was claimed are dropped."""

payment_orders = Table(
    "payment_orders",
    metadata,
    Column("book", String(64), primary_key=True),
    Column("payer", Bytes, primary_key=True),
    Column("nonce", Uint256, primary_key=True),
    Column("payee", Bytes, nullable=False),
    Column("token", Bytes, nullable=False),
    Column("amount", Uint256, nullable=False),
    Column("valid_before", BigInteger, nullable=False),
    Column("purpose", Bytes, nullable=False),
    Column("signature", Bytes, nullable=False),
    Column("status", String(12), nullable=False),  # held, settling, paid, lost
    Column("intent", String(160)),
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("error", Text),
    Column("received_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("ix_payment_orders_queue", "book", "status", "valid_before"),
)
"""Verified orders; one per nonce of a payer."""

relays = Table(
    "relays",
    metadata,
    Column("book", String(64), primary_key=True),  # chain_id:0x<JobEscrow>
    Column("client", Bytes, primary_key=True),
    Column("nonce", Bytes, primary_key=True),  # of the authorization: the hash of terms and salt
    Column("token", Bytes, nullable=False),
    Column("budget", Uint256, nullable=False),
    Column("terms", Json, nullable=False),
    Column("data", Bytes, nullable=False),
    Column("status", String(12), nullable=False),  # waiting, sending, done, refused
    Column("intent", String(160)),
    Column("cost_wei", Uint256),
    Column("tx_hash", Bytes),
    Column("error", Text),
    Column("received_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("ix_relays_queue", "book", "status", "received_at"),
    Index("ix_relays_client", "client", "received_at"),
)
"""Signed hires of clients without gas, and what became of each."""
