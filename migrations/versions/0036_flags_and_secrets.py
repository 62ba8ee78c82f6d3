"""Flags of organizations, when secrets were set, and what an organization demands of API keys."""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Secrets that are stored are as old as what they belong to: nobody has written down when they were set."""
    op.execute("""
        CREATE TABLE flags (
            organization_id integer NOT NULL CONSTRAINT flags_organization_id_fkey REFERENCES organizations (id),
            name text NOT NULL,
            "on" boolean NOT NULL,
            owner text NOT NULL,
            reason text NOT NULL,
            changed_by text NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT flags_pkey PRIMARY KEY (organization_id, name)
        )""")
    op.execute("ALTER TABLE organizations ADD COLUMN once_secret_set_at timestamptz")
    op.execute("ALTER TABLE organizations ADD COLUMN streamer_password_set_at timestamptz")
    op.execute("UPDATE organizations SET once_secret_set_at = created_at WHERE once_client_secret_sealed IS NOT NULL")
    op.execute(
        "UPDATE organizations SET streamer_password_set_at = created_at WHERE streamer_password_sealed IS NOT NULL"
    )
    op.execute("ALTER TABLE notification_channels ADD COLUMN secret_set_at timestamptz")
    op.execute("UPDATE notification_channels SET secret_set_at = created_at WHERE secret_sealed IS NOT NULL")
    op.execute("""
        CREATE TABLE key_policies (
            organization_id integer NOT NULL
                CONSTRAINT key_policies_organization_id_fkey REFERENCES organizations (id),
            longest_days integer,
            must_end boolean NOT NULL,
            makers text NOT NULL,
            CONSTRAINT key_policies_pkey PRIMARY KEY (organization_id)
        )""")
