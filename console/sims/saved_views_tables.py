"""What is stored of saved views."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

saved_views = sa.Table(
    "saved_views",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("user_id", sa.Integer),  # whose own it is; None: shared by all
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),  # of the list's address
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("changed_at", nullable=False),
    sa.UniqueConstraint("organization_id", "id"),
    sa.ForeignKeyConstraint(
        ["organization_id", "user_id"], ["members.organization_id", "members.user_id"], ondelete="CASCADE"
    ),
)

# The view that a user's list of SIMs opens with.
default_views = sa.Table(
    "default_views",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("saved_view_id", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(
        ["organization_id", "user_id"], ["members.organization_id", "members.user_id"], ondelete="CASCADE"
    ),
    sa.ForeignKeyConstraint(
        ["organization_id", "saved_view_id"], ["saved_views.organization_id", "saved_views.id"], ondelete="CASCADE"
    ),
)
