"""When a job looked for work of an organization and found none: it leaves no run."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """A new table: nothing waits."""
    op.execute("""
        CREATE TABLE job_looks (
            organization_id integer NOT NULL
                CONSTRAINT job_looks_organization_id_fkey REFERENCES organizations (id),
            job text NOT NULL,
            looked_at timestamptz NOT NULL,
            CONSTRAINT job_looks_pkey PRIMARY KEY (organization_id, job)
        )""")
