"""Tables and columns get the trade's names, and each source of a value one word."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = {
    "account_lines": "carrier_circuits",
    "account_operations": "carrier_operations",
    "stream_batches": "streamer_posts",
    "stream_health": "streamer_health",
    "quota_books": "quota_reconciliation",
}
REFERRING = ("account_lines", "account_operations", "stream_batches", "stream_health")  # to organizations
COLUMNS = {
    "carrier_circuits": {"until": "retry_at"},
    "carrier_operations": {"offered": "available", "sentence": "unavailable_reason", "again_at": "retry_at"},
    "quota_reconciliation": {
        "opened_at": "started_at",
        "used_at_opening": "used_at_start",
        "looked_at": "checked_at",
    },
    "status_history": {"told_by": "source"},
    "sms": {"told_by": "source"},
    "organizations": {"forwarder_turn": "forwarder_generation"},
}
SOURCES = {  # column: the word before
    ("status_history", "source"): "push",
    ("sms", "source"): "push",
    ("sim_checks", "status_by"): "push",
    ("streamer_posts", "source"): "push",
    ("usage_records", "source"): "stream",
}


def upgrade() -> None:
    """Rename; nothing is rewritten but the values of `source`."""
    for before, after in TABLES.items():
        op.execute(f"ALTER TABLE {before} RENAME TO {after}")
        for kind in ("pkey", "organization_id_fkey") if before in REFERRING else ("pkey",):
            op.execute(f"ALTER TABLE {after} RENAME CONSTRAINT {before}_{kind} TO {after}_{kind}")
    op.execute("ALTER INDEX quota_books_differs_idx RENAME TO quota_reconciliation_differs_idx")
    op.execute("ALTER SEQUENCE stream_batches_id_seq RENAME TO streamer_posts_id_seq")
    for table, columns in COLUMNS.items():
        for before, after in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    op.execute("ALTER TABLE streamer_posts ALTER COLUMN source SET DEFAULT 'streamer'")
    _unlimited_decompression()
    for (table, column), before in SOURCES.items():
        op.execute(f"UPDATE {table} SET {column} = 'streamer' WHERE {column} = '{before}'")


def _unlimited_decompression() -> None:
    """Let this transaction change as many compressed rows as there are: TimescaleDB refuses more than 100,000."""
    name = "timescaledb.max_tuples_decompressed_per_dml_transaction"
    if op.get_bind().execute(sa.text("SELECT current_setting(:name, true)"), {"name": name}).scalar() is not None:
        op.execute(f"SET LOCAL {name} = 0")
