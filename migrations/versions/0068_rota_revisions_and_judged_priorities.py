"""How often the order of who is on call was set, so that nobody overwrites one that they have not seen; and with which
priority a rule was judged last, so that alerts are sent where it was raised.
"""

from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Orders that are kept already count from none; rules were judged as they are."""
    op.execute("ALTER TABLE on_call ADD COLUMN rota_revision integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE alert_rules ADD COLUMN judged_priority text")
    op.execute("UPDATE alert_rules SET judged_priority = priority WHERE priority IS NOT NULL")
