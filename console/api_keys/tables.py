"""What is stored of API keys. Of each secret only a hash."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

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
