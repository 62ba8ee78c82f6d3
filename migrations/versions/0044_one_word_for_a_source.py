"""Where a value came from is `source` everywhere."""

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """The view's own query follows the new name of its column by itself."""
    op.execute("ALTER TABLE sim_checks RENAME COLUMN status_by TO status_source")
    op.execute("ALTER VIEW sim_states RENAME COLUMN confirmed_by TO source")
