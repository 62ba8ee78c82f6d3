"""In how many seconds each data quota is empty, so that SIMs can be sorted and filtered by it."""

from alembic import op

revision = "0052"
down_revision = "0051"

COLUMNS = """
    s.organization_id, s.iccid, s.label, s.status, s.connection, s.imsi, s.msisdn, s.imei, s.imei_lock, s.ip_address,
    s.operator, s.country, s.rat, s.apn, s.cell, s.session_started_at, s.last_seen_at, s.data_class,
    d."left" AS data_left_bytes, d.total AS data_total_bytes, d.status AS data_quota, d.expires_at AS data_expires_at,
    m."left" AS sms_left, m.total AS sms_total, m.status AS sms_quota, s.activated_at, c.status_at AS confirmed_at,
    c.status_source AS source, s.changed_at, s.added_at, s.missing_walks >= 2 AS missing, s.revision, w.search, s.quota,
    coalesce(a.tags, '{}') AS tags, a.note, coalesce(a.custom_fields, '{}') AS custom_fields,
    coalesce(a.edits, 0) AS edits, u.iccid IS NULL AS watched"""


def upgrade() -> None:
    """By the quotas and forecasts that are there."""
    op.execute("LOCK TABLE quotas, quota_forecasts IN SHARE ROW EXCLUSIVE MODE")
    op.execute("""
        CREATE TABLE sim_days_left (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            seconds bigint NOT NULL,
            measured_on date,
            CONSTRAINT sim_days_left_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("""
        INSERT INTO sim_days_left (organization_id, iccid, seconds, measured_on)
        SELECT q.organization_id, q.iccid,
               CASE WHEN q.status IN ('expired', 'exhausted') OR q."left" <= 0 THEN 0
                    ELSE least(floor(q."left"::double precision * 86400 / f.daily_bytes), 3153600000)::bigint END,
               CASE WHEN q.status IN ('expired', 'exhausted') OR q."left" <= 0 THEN NULL ELSE f.measured_on END
        FROM quotas q LEFT JOIN quota_forecasts f USING (organization_id, iccid)
        WHERE q.service = 'data' AND (f.daily_bytes > 0 OR q.status IN ('expired', 'exhausted') OR q."left" <= 0)""")
    op.execute("CREATE INDEX sim_days_left_seconds_idx ON sim_days_left (organization_id, seconds, iccid)")
    op.execute(f"""
        CREATE OR REPLACE VIEW sim_states AS
        SELECT {COLUMNS}, l.seconds AS data_left_seconds, l.measured_on AS forecast_on
        FROM sims s
        LEFT JOIN quotas d ON (d.organization_id, d.iccid, d.service) = (s.organization_id, s.iccid, 'data')
        LEFT JOIN quotas m ON (m.organization_id, m.iccid, m.service) = (s.organization_id, s.iccid, 'sms')
        LEFT JOIN sim_checks c ON (c.organization_id, c.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN sim_words w ON (w.organization_id, w.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN sim_annotations a ON (a.organization_id, a.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN unwatched_sims u ON (u.organization_id, u.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN sim_days_left l ON (l.organization_id, l.iccid) = (s.organization_id, s.iccid)""")
