"""Alembic's entry: runs the migrations on the connection handed in by `storage.migrate`."""

from alembic import context

from agents_offchain.storage.tables import (  # noqa: F401  (registers the tables)
    access,
    approvals,
    court,
    decisions,
    journal,
    messages,
    payments,
    read_model,
    verdicts,
)
from agents_offchain.storage.tables.metadata import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
