"""Daily reports, when each organization's is made, and the channels that get it."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Nobody has one yet."""
    op.execute("""
        CREATE TABLE daily_reports (
            organization_id integer NOT NULL
                CONSTRAINT daily_reports_organization_id_fkey REFERENCES organizations (id),
            day date NOT NULL,
            made_at timestamptz NOT NULL,
            content jsonb NOT NULL,
            CONSTRAINT daily_reports_pkey PRIMARY KEY (organization_id, day)
        )""")
    op.execute("""
        CREATE TABLE report_settings (
            organization_id integer NOT NULL
                CONSTRAINT report_settings_organization_id_fkey REFERENCES organizations (id),
            hour integer NOT NULL CONSTRAINT report_settings_hour_check CHECK (hour BETWEEN 0 AND 23),
            CONSTRAINT report_settings_pkey PRIMARY KEY (organization_id)
        )""")
    op.execute("""
        CREATE TABLE report_channels (
            channel_id integer NOT NULL
                CONSTRAINT report_channels_channel_id_fkey REFERENCES notification_channels (id),
            organization_id integer NOT NULL
                CONSTRAINT report_channels_organization_id_fkey REFERENCES organizations (id),
            CONSTRAINT report_channels_pkey PRIMARY KEY (channel_id)
        )""")
    op.execute("CREATE INDEX report_channels_organization_id_idx ON report_channels (organization_id)")
