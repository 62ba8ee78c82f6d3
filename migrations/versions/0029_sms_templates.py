"""Templates of messages, and an index by which the latest messages of an organization are found."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """No organization has a template yet."""
    op.execute("""
        CREATE TABLE sms_templates (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT sms_templates_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT sms_templates_organization_id_fkey REFERENCES organizations (id),
            name text NOT NULL,
            text text NOT NULL,
            changed_by text NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT sms_templates_organization_id_name_key UNIQUE (organization_id, name)
        )""")
    op.execute("CREATE INDEX sms_latest_idx ON sms (organization_id, time DESC, iccid DESC)")
