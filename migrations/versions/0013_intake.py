"""What the Data Streamer usually does, attempts at posts, late usage; refresh policies that lose no history."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# sums: what a policy leaves to be computed from the records, and how many buckets it refreshes at once
POLICIES = {
    "usage_hourly": ("1 hour", 168),
    "usage_daily": ("1 day", 30),
    "fleet_usage_minutely": ("1 hour", 1440),
}
# Less than records are kept, so that no refresh ever looks where records have been dropped: it would drop their sums.
REFRESHED = "700 days"


def upgrade() -> None:
    """The tables of the intake on every edition; the policies in the community edition alone."""
    _health()
    _posts()
    op.execute("CREATE INDEX IF NOT EXISTS usage_records_brin_idx ON usage_records USING brin (time)")
    op.execute("""
        CREATE TABLE usage_late_hours (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            hour timestamptz NOT NULL,
            CONSTRAINT usage_late_hours_pkey PRIMARY KEY (organization_id, iccid, hour)
        )""")
    if _has_aggregates():
        _policies()
    else:
        _lag("NULL")


def _has_aggregates() -> bool:
    """Whether the sums are continuous aggregates, which are views, or tables that a trigger keeps."""
    kind = op.get_bind().execute(sa.text("SELECT relkind::text FROM pg_class WHERE oid = 'usage_hourly'::regclass"))
    return str(kind.scalar_one()) == "v"


def _health() -> None:
    op.execute("""
        ALTER TABLE streamer_health
            ADD COLUMN first_post_at timestamptz,
            ADD COLUMN since timestamptz,
            ADD COLUMN gaps double precision[] NOT NULL DEFAULT '{}',
            ADD COLUMN gap_count integer NOT NULL DEFAULT 0""")
    # When the first post came was not kept: the oldest that it has brought is as near as can be known.
    op.execute("""
        UPDATE streamer_health h SET since = last_post_at, first_post_at = least(last_post_at, CASE kind
            WHEN 'event' THEN (SELECT min(e.time) FROM network_events e WHERE e.organization_id = h.organization_id)
            ELSE (SELECT min(u.bucket) FROM fleet_usage_minutely u
                  WHERE u.organization_id = h.organization_id AND (u.data_bytes > u.derived_bytes OR u.sms > 0))
            END)""")
    op.execute("ALTER TABLE streamer_health ALTER first_post_at SET NOT NULL, ALTER since SET NOT NULL")
    op.execute("""
        CREATE TABLE streamer_silences (
            organization_id integer NOT NULL
                CONSTRAINT streamer_silences_organization_id_fkey REFERENCES organizations (id),
            kind text NOT NULL,
            since timestamptz NOT NULL,
            until timestamptz,
            CONSTRAINT streamer_silences_pkey PRIMARY KEY (organization_id, kind, since)
        )""")


def _posts() -> None:
    op.execute("""
        ALTER TABLE streamer_posts
            ADD COLUMN attempts integer NOT NULL DEFAULT 0,
            ADD COLUMN claimed_until timestamptz,
            ADD COLUMN last_error text""")
    op.execute("CREATE INDEX streamer_posts_waiting_idx ON streamer_posts (organization_id, id) WHERE failure IS NULL")


def _lag(interval: str) -> None:
    """How long after its time a record may come and still be in every sum at once; NULL: however late it comes."""
    op.execute(
        f"CREATE FUNCTION usage_sums_lag() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT {interval}::interval $$"
    )


def _policies() -> None:
    _lag("'1 hour'")
    batches = op.get_bind().execute(
        sa.text("""
            SELECT count(*) FROM pg_proc
            WHERE proname = 'add_continuous_aggregate_policy' AND 'buckets_per_batch' = ANY (proargnames)""")
    )
    batched = bool(batches.scalar_one())
    for name, (end, buckets) in POLICIES.items():
        op.execute(f"SELECT remove_continuous_aggregate_policy('{name}', true)")
        at_once = f", buckets_per_batch => {buckets}" if batched else ""
        op.execute(
            f"SELECT add_continuous_aggregate_policy('{name}', start_offset => INTERVAL '{REFRESHED}',"
            f" end_offset => INTERVAL '{end}', schedule_interval => INTERVAL '30 minutes'{at_once})"
        )
        # As long as those of the records: by default they are ten times as long, and are dropped months late.
        op.execute(f"""
            SELECT set_chunk_time_interval(
                format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass,
                INTERVAL '7 days')
            FROM timescaledb_information.continuous_aggregates WHERE view_name = '{name}'""")
