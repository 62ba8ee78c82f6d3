"""Where a user gets a link for a new password, if they have said so."""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """None is known yet."""
    op.execute("ALTER TABLE users ADD COLUMN mail_address text")
