"""Runs the steps that are missing, on the connection that `console migrate` hands over."""

from alembic import context

from console.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
