"""A top-up that a second person approves counts in the budgets of the day on which they do."""

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Those that are there count from their request, as they did."""
    op.execute("ALTER TABLE actions ADD COLUMN approved_at timestamptz")
