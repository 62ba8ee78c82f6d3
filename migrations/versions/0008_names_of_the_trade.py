"""Tables and columns get the trade's names, and each source of a value one word."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = {
    "account_lines": "carrier_circuits",
    "account_operations": "carrier_operations",
}
COLUMNS = {
    "carrier_circuits": {"until": "retry_at"},
    "carrier_operations": {"offered": "available", "sentence": "unavailable_reason", "again_at": "retry_at"},
    "status_history": {"told_by": "source"},
    "sms": {"told_by": "source"},
}


def upgrade() -> None:
    """Rename; nothing is rewritten but the values of `source`."""
    for before, after in TABLES.items():
        op.execute(f"ALTER TABLE {before} RENAME TO {after}")
        for kind in ("pkey", "organization_id_fkey"):
            op.execute(f"ALTER TABLE {after} RENAME CONSTRAINT {before}_{kind} TO {after}_{kind}")
    for table, columns in COLUMNS.items():
        for before, after in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    for table, column in (("status_history", "source"), ("sms", "source"), ("sim_checks", "status_by")):
        op.execute(f"UPDATE {table} SET {column} = 'streamer' WHERE {column} = 'push'")
    op.execute("ALTER TABLE stream_batches ALTER COLUMN source SET DEFAULT 'streamer'")
    op.execute("UPDATE stream_batches SET source = 'streamer' WHERE source = 'push'")
