"""What is stored of the accounts at 1NCE."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

carrier_circuits = sa.Table(
    "carrier_circuits",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),  # a CircuitState
    sa.Column("reason", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    moment("since"),  # when it was closed, or ceased to be: half open is still the same trouble
    moment("retry_at"),
    moment("moved_at"),  # a change of an earlier moment comes too late and is ignored
    moment("answered_at"),
)

carrier_operations = sa.Table(
    "carrier_operations",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, primary_key=True),
    sa.Column("available", sa.Boolean, nullable=False),
    sa.Column("unavailable_reason", sa.Text),
    sa.Column("status", sa.SmallInteger),
    moment("since", nullable=False),  # available, or not, from this moment on
    moment("answered_at", nullable=False),
    moment("retry_at"),
)
