"""An index for the catalog's first order, so that no other one's is taken and sorted."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index("ix_agent_listings_newest", "agent_listings", ["is_closed", "listing_id"])
