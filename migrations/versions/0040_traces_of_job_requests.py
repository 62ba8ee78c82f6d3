"""In which trace a job was asked for."""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """None of those that wait is in one. Without a default: no row is written anew."""
    op.execute("ALTER TABLE job_requests ADD COLUMN traceparent text")
