"""Where a heartbeat is posted while alerts are judged."""

from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Nowhere yet."""
    op.execute("""
        CREATE TABLE outgoing_heartbeats (
            organization_id integer NOT NULL
                CONSTRAINT outgoing_heartbeats_organization_id_fkey REFERENCES organizations (id),
            url_sealed bytea NOT NULL,
            url_shown text NOT NULL,
            set_by text NOT NULL,
            set_at timestamptz NOT NULL,
            tried_at timestamptz,
            taken_at timestamptz,
            message text,
            CONSTRAINT outgoing_heartbeats_pkey PRIMARY KEY (organization_id)
        )""")
