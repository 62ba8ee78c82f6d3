"""The time zone in which a user reads times."""

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Nobody has chosen one yet: times are in UTC."""
    op.execute("ALTER TABLE users ADD COLUMN zone text CHECK (length(zone) BETWEEN 1 AND 64)")
