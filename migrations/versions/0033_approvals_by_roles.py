"""Approvals that several roles must give, and who has given theirs."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """What was asked for before is approved by one person, as it was."""
    op.execute("ALTER TABLE approval_rules ADD COLUMN both_above_minor bigint")
    op.execute("ALTER TABLE approvals ADD COLUMN roles text[] NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE approvals ADD COLUMN given jsonb NOT NULL DEFAULT '[]'")
