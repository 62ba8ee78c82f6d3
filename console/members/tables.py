"""What is stored of members, and of one-time links."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

members = sa.Table(
    "members",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column(
        "user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    ),
    sa.Column("role", sa.Text, nullable=False),  # a Role
    moment("created_at", nullable=False),
    moment("disabled_at"),
    moment("last_seen_at"),
    sa.Column("by_group", sa.Boolean, nullable=False, server_default="false"),  # see group_roles
)

# A link makes a member with this role, or lets a member set another password. Of its token only a hash is kept.
one_time_links = sa.Table(
    "one_time_links",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),  # SHA-256: the token is random and long
    sa.Column("role", sa.Text),  # of an invitation
    sa.Column("user_id", sa.Integer),  # whose password is reset
    sa.Column("note", sa.Text, nullable=False, server_default=""),  # for whom it is
    sa.Column("created_by", sa.Text, nullable=False),
    # Who made it, and by which key: it does not outlive their rights. None for what nobody's rights decide about.
    sa.Column("created_by_user_id", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("created_by_key_id", sa.Integer, index=True),
    moment("created_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("used_at"),
    sa.ForeignKeyConstraint(
        ["organization_id", "user_id"], ["members.organization_id", "members.user_id"], ondelete="CASCADE"
    ),
    sa.ForeignKeyConstraint(
        ["organization_id", "created_by_key_id"], ["api_keys.organization_id", "api_keys.id"], ondelete="CASCADE"
    ),
    sa.CheckConstraint("(role IS NULL) <> (user_id IS NULL)", name="purpose"),
)
