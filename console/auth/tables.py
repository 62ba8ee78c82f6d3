"""What is stored of users, their sessions and API keys. Secrets only as hashes."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # what is typed at sign-in, in lower case
    sa.Column("role", sa.Text, nullable=False),  # a Role
    sa.Column("password_hash", sa.Text, nullable=False),  # argon2id
    moment("created_at", nullable=False),
    moment("disabled_at"),
    moment("last_sign_in_at"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id_hash", sa.LargeBinary, primary_key=True),  # SHA-256 of the cookie's value
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("created_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("expires_at", nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False, unique=True),  # the part that may be shown
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),  # SHA-256: the secret is random and long
    moment("created_at", nullable=False),
    moment("last_used_at"),
    moment("revoked_at"),
)
