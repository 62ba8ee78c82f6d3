"""Sessions of programs that signed in as a user: of them the hash is that of the newest refresh token."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Every session that is there is a browser's."""
    op.execute("ALTER TABLE sessions ADD COLUMN kind text NOT NULL DEFAULT 'browser'")
