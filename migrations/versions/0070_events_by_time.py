"""The key of network events is in the order of time: one index says which there are and which are the latest."""

from alembic import op

from migrations.concurrently import ask, make_indexes

revision = "0070"
down_revision = "0069"

BY_TIME = "network_events_by_time_idx"
KEY = "(organization_id, time, id)"
HYPERTABLE = "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = 'network_events'"


def upgrade() -> None:
    """Made beside those who read and write; in TimescaleDB's Apache edition, which can't, events are written after it.

    Where parts of the table are packed, which the community edition does, the key stays as it was: all that is asked is
    answered by either.
    """
    if ask("SELECT relkind::text FROM pg_class WHERE oid = 'usage_hourly'::regclass") == "v":
        return
    if ask("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'") and ask(HYPERTABLE):
        op.execute("ALTER TABLE network_events DROP CONSTRAINT network_events_pkey")
        op.execute(f"ALTER TABLE network_events ADD CONSTRAINT network_events_pkey PRIMARY KEY {KEY}")
    else:
        make_indexes({BY_TIME: f"UNIQUE INDEX CONCURRENTLY {{name}} ON network_events {KEY}"})
        op.execute(
            "ALTER TABLE network_events DROP CONSTRAINT network_events_pkey,"
            f" ADD CONSTRAINT network_events_pkey PRIMARY KEY USING INDEX {BY_TIME}"
        )
    op.execute("DROP INDEX network_events_time_idx")
