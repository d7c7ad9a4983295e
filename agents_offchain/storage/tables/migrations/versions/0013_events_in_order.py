"""Events are kept in the chain's order: one tree less to write for each, and its pages are the newest ones."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.drop_index("ix_events_block", "events")
    with op.batch_alter_table("events") as table:
        table.drop_constraint("pk_events", type_="primary")
        table.create_primary_key("pk_events", ["chain_id", "block_number", "log_index"])
