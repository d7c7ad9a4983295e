"""How many completed jobs count for a listing, kept with it; an index for each order of the catalog.

The column is filled here once, by the rule that the indexer keeps it by (`indexer.completed`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_FILL = """
UPDATE agent_listings SET jobs_completed = (
    SELECT count(*) FROM jobs JOIN agents ON agents.agent_id = jobs.agent_id
    WHERE jobs.listing_id = agent_listings.listing_id AND jobs.agent_id = agent_listings.agent_id
        AND jobs.status = 'completed' AND jobs.provider IN (agents.owner, agents.wallet)
)
"""


def upgrade() -> None:
    op.add_column("agent_listings", sa.Column("jobs_completed", sa.Integer(), nullable=False, server_default="0"))
    op.execute(_FILL)
    for name, column in (("completed", "jobs_completed"), ("price", "price"), ("speed", "work_seconds")):
        op.create_index(f"ix_agent_listings_{name}", "agent_listings", ["is_closed", column, "listing_id"])
