"""What is stored of API keys. Of each secret only a hash."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from console.store.metadata import metadata, moment

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default="{}"),  # Permissions
    sa.Column("networks", ARRAY(sa.Text), nullable=False, server_default="{}"),  # that it is accepted from; none: any
    sa.Column("prefix", sa.Text, nullable=False, unique=True),  # the part that may be shown
    # SHA-256: the secret is random and long.
    sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    # The person behind it, whose rights it does not outlive; none for a key that was made by command.
    sa.Column("created_by_user_id", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("created_by_key_id", sa.Integer, index=True),  # the key that made it, with which it ends
    moment("created_at", nullable=False),
    moment("expires_at"),
    moment("last_used_at"),
    moment("revoked_at"),
    sa.UniqueConstraint("organization_id", "id"),
    sa.ForeignKeyConstraint(
        ["organization_id", "created_by_key_id"], ["api_keys.organization_id", "api_keys.id"], ondelete="CASCADE"
    ),
)

# What an organization demands of its API keys.
key_policies = sa.Table(
    "key_policies",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("longest_days", sa.Integer),
    sa.Column("must_end", sa.Boolean, nullable=False),
    sa.Column("makers", sa.Text, nullable=False),  # a KeyMakers
)
