"""Time series: hypertables where TimescaleDB is there, sums of usage by hour, day and minute everywhere."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# table: chunk, compressed after, kept for
SERIES = {
    "usage_records": ("7 days", "30 days", "2 years"),
    "network_events": ("7 days", "30 days", "1 year"),
    "status_history": ("7 days", "30 days", "6 months"),
    "fleet_samples": ("30 days", None, "6 months"),
}
# sums: its key after the organization, its bucket, the PostgreSQL word for that bucket
SUMS = {
    "usage_hourly": ("iccid", "1 hour", "hour"),
    "usage_daily": ("iccid", "1 day", "day"),
    "fleet_usage_minutely": ("", "1 minute", "minute"),
}

PLAIN, APACHE, COMMUNITY = "plain", "apache", "timescale"


def upgrade() -> None:
    """Shape the tables by what the database offers."""
    edition = _edition()
    if edition == PLAIN:
        _prune_by_delete()
    else:
        for table, (chunk, _, _) in SERIES.items():
            op.execute(
                f"SELECT create_hypertable('{table}', by_range('time', INTERVAL '{chunk}'), migrate_data => true,"
                " create_default_indexes => false)"
            )
        _prune_by_chunk(edition)
    if edition == COMMUNITY:
        _continuous_aggregates()
        _policies()
    else:
        _sums_by_trigger()


def _edition() -> str:
    """Which TimescaleDB there is. One not preloaded ends the connection: look first."""

    def ask(sql: str) -> str | None:
        value = op.get_bind().execute(sa.text(sql)).scalar()
        return None if value is None else str(value)

    if ask("SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'") is None:
        return PLAIN
    if "timescaledb" not in (ask("SELECT current_setting('shared_preload_libraries')") or ""):
        return PLAIN
    op.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    return COMMUNITY if ask("SELECT current_setting('timescaledb.license', true)") == COMMUNITY else APACHE


def _prune_by_delete() -> None:
    op.execute("""
        CREATE FUNCTION prune_time_series(series regclass, before timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE gone bigint;
        DECLARE moment name := CASE WHEN series = 'usage_hourly'::regclass THEN 'bucket' ELSE 'time' END;
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %s WHERE %I < $1 LIMIT 10000))',
                           series, series, moment) USING before;
            GET DIAGNOSTICS gone = ROW_COUNT;
            RETURN gone;
        END $$""")
    for table in ("usage_records", "status_history"):
        op.execute(f"CREATE INDEX {table}_brin_idx ON {table} USING brin (time)")


def _prune_by_chunk(edition: str) -> None:
    # The sums are a hypertable of their own in the community edition, and a plain table in the Apache one.
    plain_sums = """
            IF series = 'usage_hourly'::regclass THEN
                DELETE FROM usage_hourly WHERE ctid = ANY (
                    ARRAY(SELECT ctid FROM usage_hourly WHERE bucket < before LIMIT 10000));
                GET DIAGNOSTICS gone = ROW_COUNT;
                RETURN gone;
            END IF;"""
    op.execute(f"""
        CREATE FUNCTION prune_time_series(series regclass, before timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE gone bigint;
        BEGIN
            {"" if edition == COMMUNITY else plain_sums}
            SELECT count(*) INTO gone FROM drop_chunks(series, older_than => before);
            RETURN gone;
        END $$""")


def _continuous_aggregates() -> None:
    source = {"usage_hourly": "usage_records", "usage_daily": "usage_hourly", "fleet_usage_minutely": "usage_records"}
    for name, (key, width, _) in SUMS.items():
        raw = source[name] == "usage_records"
        time = "time" if raw else "bucket"
        derived = "sum(data_bytes) FILTER (WHERE source = 'derived')" if raw else "sum(derived_bytes)"
        keys = f"organization_id, {key}," if key else "organization_id,"
        op.execute(f"""
            CREATE MATERIALIZED VIEW {name} WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
            SELECT {keys} time_bucket('{width}', {time}) AS bucket, sum(data_bytes)::bigint AS data_bytes,
                   coalesce({derived}, 0)::bigint AS derived_bytes, sum(sms)::bigint AS sms
            FROM {source[name]} GROUP BY {keys} time_bucket('{width}', {time}) WITH NO DATA""")
        op.execute(
            f"SELECT add_continuous_aggregate_policy('{name}', start_offset => INTERVAL '10 days',"
            f" end_offset => INTERVAL '{width}', schedule_interval => INTERVAL '30 minutes', if_not_exists => true)"
        )


def _policies() -> None:
    for table, (_, compressed, kept) in SERIES.items():
        if compressed:
            by = "organization_id" if table == "network_events" else "organization_id, iccid"
            op.execute(
                f"ALTER TABLE {table} SET (timescaledb.compress, timescaledb.compress_segmentby = '{by}',"
                " timescaledb.compress_orderby = 'time DESC')"
            )
            op.execute(f"SELECT add_compression_policy('{table}', INTERVAL '{compressed}', if_not_exists => true)")
        op.execute(f"SELECT add_retention_policy('{table}', INTERVAL '{kept}', if_not_exists => true)")


def _sums_by_trigger() -> None:
    steps = []
    for name, (key, _, word) in SUMS.items():
        keys = f"organization_id, {key}, bucket" if key else "organization_id, bucket"
        columns = "organization_id integer NOT NULL" + (f", {key} text NOT NULL" if key else "")
        op.execute(f"""
            CREATE TABLE {name} (
                {columns}, bucket timestamptz NOT NULL, data_bytes bigint NOT NULL, derived_bytes bigint NOT NULL,
                sms bigint NOT NULL, CONSTRAINT {name}_pkey PRIMARY KEY ({keys})
            ) WITH (fillfactor = 70)""")
        picked = keys.replace("bucket", f"date_trunc('{word}', time, 'UTC') AS bucket")
        added = f"""
            INSERT INTO {name} AS held ({keys}, data_bytes, derived_bytes, sms)
            SELECT {picked}, sum(data_bytes), coalesce(sum(data_bytes) FILTER (WHERE source = 'derived'), 0), sum(sms)
            FROM %s GROUP BY {", ".join(str(n + 1) for n in range(len(keys.split(","))))} ORDER BY {keys}
            ON CONFLICT ({keys}) DO UPDATE SET data_bytes = held.data_bytes + excluded.data_bytes,
                derived_bytes = held.derived_bytes + excluded.derived_bytes, sms = held.sms + excluded.sms"""
        op.execute(added % "usage_records")
        steps.append(added % "added" + ";")
    op.execute(f"""
        CREATE FUNCTION keep_usage_sums() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {"".join(steps)}
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER keep_usage_sums AFTER INSERT ON usage_records REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION keep_usage_sums()""")
