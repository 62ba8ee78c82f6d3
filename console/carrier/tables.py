"""What is stored of the accounts at 1NCE."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

account_lines = sa.Table(
    "account_lines",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),  # a Line
    sa.Column("reason", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    moment("since"),  # when it was closed, or ceased to be: half open is still the same trouble
    moment("until"),
    moment("moved_at"),  # what is told of an earlier moment comes too late
    moment("answered_at"),
)

account_operations = sa.Table(
    "account_operations",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, primary_key=True),
    sa.Column("offered", sa.Boolean, nullable=False),
    sa.Column("sentence", sa.Text),
    sa.Column("status", sa.SmallInteger),
    moment("since", nullable=False),  # offered, or not, from this moment on
    moment("answered_at", nullable=False),
    moment("again_at"),
)
