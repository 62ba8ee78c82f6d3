"""Priorities of alert rules, who is on call, and how far each alert has come among them."""

from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Nobody is on call yet, and every channel takes alerts by its route, as before."""
    op.execute("ALTER TABLE alert_rules ADD COLUMN priority text")
    op.execute("ALTER TABLE notification_channels ADD COLUMN by_route boolean NOT NULL DEFAULT true")
    op.execute("""
        CREATE TABLE on_call (
            organization_id integer NOT NULL CONSTRAINT on_call_organization_id_fkey REFERENCES organizations (id),
            rota jsonb,
            priorities jsonb,
            CONSTRAINT on_call_pkey PRIMARY KEY (organization_id)
        )""")
    op.execute("""
        CREATE TABLE on_call_overrides (
            organization_id integer NOT NULL
                CONSTRAINT on_call_overrides_organization_id_fkey REFERENCES organizations (id),
            day date NOT NULL,
            name text NOT NULL,
            set_by text NOT NULL,
            CONSTRAINT on_call_overrides_pkey PRIMARY KEY (organization_id, day)
        )""")
    op.execute("""
        CREATE TABLE escalations (
            organization_id integer NOT NULL,
            alert_id bigint NOT NULL,
            begun integer NOT NULL DEFAULT 1,
            sent_to text[] NOT NULL DEFAULT '{}',
            next_at timestamptz,
            CONSTRAINT escalations_pkey PRIMARY KEY (organization_id, alert_id),
            CONSTRAINT escalations_organization_id_alert_id_fkey FOREIGN KEY (organization_id, alert_id)
                REFERENCES alerts (organization_id, id) ON DELETE CASCADE
        )""")
    op.execute(
        "CREATE INDEX escalations_organization_id_next_at_idx ON escalations (organization_id, next_at)"
        " WHERE next_at IS NOT NULL"
    )
