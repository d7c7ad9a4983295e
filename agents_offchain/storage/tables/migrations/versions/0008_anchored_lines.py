"""Decisions as they were when they were anchored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agents_offchain.storage.tables.metadata import Bytes

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("decision_anchors", sa.Column("line", Bytes))
