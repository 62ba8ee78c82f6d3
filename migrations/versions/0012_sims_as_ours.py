"""Our own of a SIM: tags, a note, custom fields, whether it is watched, and who asked for what of 1NCE.

Tables apart from `sims`, so that no row of a large fleet is rewritten and no index of it grows.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make empty tables, and put them into the view; nothing waits for more than the view's own lock."""
    op.execute("""
        CREATE TABLE sim_annotations (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            tags text[] NOT NULL DEFAULT '{}',
            note text,
            custom_fields jsonb NOT NULL DEFAULT '{}',
            edits integer NOT NULL DEFAULT 1,
            edited_at timestamptz NOT NULL,
            edited_by text NOT NULL,
            CONSTRAINT sim_annotations_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("CREATE INDEX sim_annotations_tags_idx ON sim_annotations USING gin (tags)")
    op.execute(
        "CREATE INDEX sim_annotations_custom_fields_idx ON sim_annotations USING gin (custom_fields jsonb_path_ops)"
    )
    op.execute("""
        CREATE TABLE unwatched_sims (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            unwatched_at timestamptz NOT NULL,
            unwatched_by text NOT NULL,
            CONSTRAINT unwatched_sims_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("""
        CREATE TABLE watch_requests (
            organization_id integer NOT NULL
                CONSTRAINT watch_requests_organization_id_fkey REFERENCES organizations (id),
            iccid text NOT NULL,
            requested_at timestamptz NOT NULL,
            requested_by text NOT NULL,
            refused_at timestamptz,
            refusal text,
            CONSTRAINT watch_requests_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("""
        CREATE TABLE sync_requests (
            organization_id integer NOT NULL
                CONSTRAINT sync_requests_organization_id_fkey REFERENCES organizations (id),
            subject text NOT NULL,
            requested_at timestamptz NOT NULL,
            CONSTRAINT sync_requests_pkey PRIMARY KEY (organization_id, subject)
        )""")
    op.execute("CREATE INDEX sync_requests_requested_at_idx ON sync_requests (organization_id, requested_at)")
    op.execute("""
        CREATE OR REPLACE VIEW sim_states AS
        SELECT s.organization_id, s.iccid, s.label, s.status, s.connection, s.imsi, s.msisdn, s.imei, s.imei_lock,
               s.ip_address, s.operator, s.country, s.rat, s.apn, s.cell, s.session_started_at, s.last_seen_at,
               s.data_class, d."left" AS data_left_bytes, d.total AS data_total_bytes, d.status AS data_quota,
               d.expires_at AS data_expires_at, m."left" AS sms_left, m.total AS sms_total, m.status AS sms_quota,
               s.activated_at, c.status_at AS confirmed_at, c.status_by AS confirmed_by, s.changed_at, s.added_at,
               s.missing_walks >= 2 AS missing, s.revision, w.search, s.quota,
               coalesce(a.tags, '{}') AS tags, a.note, coalesce(a.custom_fields, '{}') AS custom_fields,
               coalesce(a.edits, 0) AS edits, u.iccid IS NULL AS watched
        FROM sims s
        LEFT JOIN quotas d ON (d.organization_id, d.iccid, d.service) = (s.organization_id, s.iccid, 'data')
        LEFT JOIN quotas m ON (m.organization_id, m.iccid, m.service) = (s.organization_id, s.iccid, 'sms')
        LEFT JOIN sim_checks c ON (c.organization_id, c.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN sim_words w ON (w.organization_id, w.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN sim_annotations a ON (a.organization_id, a.iccid) = (s.organization_id, s.iccid)
        LEFT JOIN unwatched_sims u ON (u.organization_id, u.iccid) = (s.organization_id, s.iccid)""")
