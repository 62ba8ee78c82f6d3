"""How often the order of who is on call was set, so that nobody overwrites one that they have not seen."""

from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Those that are kept already count from none."""
    op.execute("ALTER TABLE on_call ADD COLUMN rota_revision integer NOT NULL DEFAULT 0")
