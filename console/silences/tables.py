"""What is stored of silences and maintenance windows."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("matchers", JSONB, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    moment("begins_at", nullable=False),
    moment("ends_at", nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    moment("created_at", nullable=False),
    sa.Column("ended_by", sa.Text),  # who ended it early
    sa.Column("active", sa.Boolean, nullable=False, server_default="false"),  # as it was last published
)

maintenance_windows = sa.Table(
    "maintenance_windows",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("matchers", JSONB, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("first_begin", sa.Text, nullable=False),  # local time in that zone
    sa.Column("rule", sa.Text),  # RFC 5545; null: once
    sa.Column("length_minutes", sa.Integer, nullable=False),
    moment("next_begins_at"),  # of the occurrence that is open or comes next; null: none comes
    moment("next_ends_at"),
    sa.Column("created_by", sa.Text, nullable=False),
    moment("created_at", nullable=False),
    moment("changed_at", nullable=False),
    moment("removed_at"),
    sa.Column("active", sa.Boolean, nullable=False, server_default="false"),  # as it was last published
)
