"""When runs of jobs were asked for outside their schedule."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Nothing was asked for so far."""
    op.execute("""
        CREATE TABLE run_requests (
            organization_id integer NOT NULL
                CONSTRAINT run_requests_organization_id_fkey REFERENCES organizations (id),
            job text NOT NULL,
            requested_at timestamptz NOT NULL,
            requested_by text NOT NULL,
            CONSTRAINT run_requests_pkey PRIMARY KEY (organization_id, job)
        )""")
