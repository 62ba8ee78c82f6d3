"""What is stored of sessions. Of each id only a hash."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id_hash", sa.LargeBinary, primary_key=True),  # SHA-256 of the cookie's value
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("created_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("expires_at", nullable=False),
)
