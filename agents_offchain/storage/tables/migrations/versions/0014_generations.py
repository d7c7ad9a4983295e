"""Rows of the read model belong to a generation of the market's contracts; what was there is of the first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_KEYED = {"policies": "policy_id", "jobs": "job_id", "verdicts": "job_id", "disputes": "job_id"}
_PLAIN = ("events", "agent_listings", "marketplace_transactions", "changes")
_INDEXES: dict[str, dict[str, tuple[str, ...]]] = {
    "events": {"entity": ("generation", "entity", "entity_id", "block_number", "log_index")},
    "agent_listings": {
        "service": ("generation", "service_type", "is_closed", "price"),
        "newest": ("generation", "is_closed", "listing_id"),
        "completed": ("generation", "is_closed", "jobs_completed", "listing_id"),
        "price": ("generation", "is_closed", "price", "listing_id"),
        "speed": ("generation", "is_closed", "work_seconds", "listing_id"),
    },
    "jobs": {
        "client": ("client", "generation", "job_id"),
        "provider": ("provider", "generation", "job_id"),
        "status": ("status", "generation", "job_id"),
        "listing": ("listing_id", "generation", "status"),
    },
    "marketplace_transactions": {"job": ("job_id", "generation", "block_number", "log_index")},
}


def upgrade() -> None:
    for table, names in _INDEXES.items():
        for name in names:
            op.drop_index(f"ix_{table}_{name}", table_name=table)
    for table in (*_PLAIN, *_KEYED):
        op.add_column(table, sa.Column("generation", sa.Integer(), nullable=False, server_default="1"))
    for table, key in _KEYED.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"pk_{table}", type_="primary")
            batch.create_primary_key(f"pk_{table}", ["generation", key])
    with op.batch_alter_table("agent_listings") as batch:
        batch.drop_constraint("uq_agent_listings_listing_id", type_="unique")
        batch.create_unique_constraint("uq_agent_listings_listing", ["generation", "listing_id"])
    for table, names in _INDEXES.items():
        for name, columns in names.items():
            op.create_index(f"ix_{table}_{name}", table, list(columns))
