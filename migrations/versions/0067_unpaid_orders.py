"""Who says that a bank transfer was not paid, and why: until 1NCE has been asked about its order."""

from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    """Nobody has said it of those that are kept already."""
    op.execute("ALTER TABLE actions ADD COLUMN unpaid_said_by text, ADD COLUMN unpaid_reason text")
