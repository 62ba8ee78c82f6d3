"""Tables and columns get the trade's names, and each source of a value one word."""

from datetime import timedelta

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
    ("sms", "source"): "push",
    ("sim_checks", "status_by"): "push",
    ("streamer_posts", "source"): "push",
}
HISTORIES = {("usage_records", "source"): "stream", ("status_history", "told_by"): "push"}  # may be of years
WINDOW = timedelta(days=7)  # as long as a chunk


def upgrade() -> None:
    """Rewrite the histories week by week, each committed by itself; then rename, and rewrite what is small."""
    with op.get_context().autocommit_block():
        for (table, column), before in HISTORIES.items():
            _rewrite_by_weeks(table, column, before)
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
    for (table, column), before in SOURCES.items():
        op.execute(f"UPDATE {table} SET {column} = 'streamer' WHERE {column} = '{before}'")


def _rewrite_by_weeks(table: str, column: str, before: str) -> None:
    """A second attempt goes on where the first was cut off: what is rewritten is passed over.

    TimescaleDB changes rows of compressed chunks since 2.11: it moves the batches that they are in back into rows, and
    the compression policy compresses the chunk again. Since 2.14 it refuses more than 100,000 rows a statement, unless
    reported otherwise. So a week without such a row is not touched, and no statement reaches beyond a week.
    """
    connection = op.get_bind()
    limit = "timescaledb.max_tuples_decompressed_per_dml_transaction"
    limited = connection.execute(sa.text("SELECT current_setting(:name, true)"), {"name": limit}).scalar() is not None
    if limited:
        op.execute(f"SET {limit} = 0")
    first, last = connection.execute(sa.text(f"SELECT min(time), max(time) FROM {table}")).one()
    while first is not None and first <= last:
        week = f"time >= '{first.isoformat()}' AND time < '{(first + WINDOW).isoformat()}'"
        rows = f"{table} WHERE {column} = '{before}' AND {week}"
        if connection.execute(sa.text(f"SELECT EXISTS (SELECT FROM {rows})")).scalar_one():
            op.execute(f"UPDATE {table} SET {column} = 'streamer' WHERE {column} = '{before}' AND {week}")
        first += WINDOW
    if limited:
        op.execute(f"RESET {limit}")
