"""Channels that take what has waited for their hours as one notification."""

from alembic import op

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    """None does yet."""
    op.execute("ALTER TABLE notification_channels ADD COLUMN digest boolean NOT NULL DEFAULT false")
