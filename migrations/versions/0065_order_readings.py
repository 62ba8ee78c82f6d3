"""How far back 1NCE's orders have been read without a gap, and when each was read first.

A top-up whose order is in no such reading that began later was not made.
"""

from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Orders that are kept already were read before now."""
    op.execute("ALTER TABLE orders ADD COLUMN first_read_at timestamptz NOT NULL DEFAULT now()")
    op.execute("""
        CREATE TABLE order_readings (
            organization_id integer PRIMARY KEY REFERENCES organizations (id),
            began_at timestamptz NOT NULL,
            pages integer NOT NULL,
            latest_first boolean NOT NULL,
            read_to timestamptz,
            numbers bigint[] NOT NULL
        )""")
