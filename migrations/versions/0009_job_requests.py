"""Requests for jobs are rows: committed with the change that wants the job, deleted when the job has been done."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Rows come and go: they are cleared soon."""
    op.execute("""
        CREATE TABLE job_requests (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT job_requests_pkey PRIMARY KEY,
            organization_id integer,
            job text NOT NULL,
            arguments jsonb NOT NULL DEFAULT '{}',
            key text,
            requested_at timestamptz NOT NULL DEFAULT now(),
            due_at timestamptz NOT NULL DEFAULT now(),
            attempt integer NOT NULL DEFAULT 1,
            handed_over_at timestamptz,
            started_at timestamptz,
            postponed_at timestamptz
        ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)""")
    op.execute("CREATE INDEX job_requests_waiting_idx ON job_requests (id) WHERE handed_over_at IS NULL")
    op.execute("CREATE INDEX job_requests_given_idx ON job_requests (handed_over_at) WHERE handed_over_at IS NOT NULL")
    op.execute("CREATE INDEX job_requests_key_idx ON job_requests (key) WHERE key IS NOT NULL")
    op.execute("ALTER TABLE job_runs RENAME COLUMN beaten_at TO heartbeat_at")
