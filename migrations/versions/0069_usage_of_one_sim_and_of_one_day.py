"""Usage of one SIM by hour from the index alone, and of one hour or day without the others: once many hours are kept.

Hours are written in the order of time, so those of one SIM lie on as many pages; the index has them side by side. Where
the sums are continuous aggregates, these have indexes of their own.
"""

from alembic import op

from migrations.concurrently import ask, make_indexes

revision = "0069"
down_revision = "0068"

COVERING = "usage_hourly_covering_idx"
INDEXES = {
    "usage_daily_bucket_idx": "INDEX CONCURRENTLY {name} ON usage_daily (bucket)",
    "usage_hourly_bucket_idx": "INDEX CONCURRENTLY {name} ON usage_hourly (bucket)",
    COVERING: "UNIQUE INDEX CONCURRENTLY {name} ON usage_hourly (organization_id, iccid, bucket)"
    " INCLUDE (data_bytes, derived_bytes, sms)",
}


def upgrade() -> None:
    """Made beside those who read and write; the key is exchanged in a moment, for one with the same columns."""
    if ask("SELECT relkind::text FROM pg_class WHERE oid = 'usage_hourly'::regclass") == "v":
        return
    make_indexes(INDEXES)
    # An index answers alone only for pages that a VACUUM has seen: each half per cent of new rows, not each fifth.
    op.execute(
        "ALTER TABLE usage_hourly"
        " SET (autovacuum_vacuum_insert_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0.005)"
    )
    op.execute(
        "ALTER TABLE usage_hourly DROP CONSTRAINT usage_hourly_pkey,"
        f" ADD CONSTRAINT usage_hourly_pkey PRIMARY KEY USING INDEX {COVERING}"
    )
