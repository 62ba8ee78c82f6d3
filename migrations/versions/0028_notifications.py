"""Notification channels, deliveries and their attempts.

A notification is one row of a channel, whatever the code does; its id stays the same at each attempt.
"""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """New tables: nothing waits."""
    op.execute("""
        CREATE TABLE notification_channels (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT notification_channels_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT notification_channels_organization_id_fkey REFERENCES organizations (id),
            kind text NOT NULL,
            name text NOT NULL,
            target_sealed bytea,
            target_shown text NOT NULL,
            secret_sealed bytea,
            previous_secret_sealed bytea,
            previous_secret_until timestamptz,
            least_severity text NOT NULL,
            tags text[] NOT NULL DEFAULT '{}',
            hours jsonb,
            send_resolved boolean NOT NULL DEFAULT true,
            enabled boolean NOT NULL DEFAULT true,
            disabled_reason text,
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            removed_at timestamptz
        )""")
    op.execute("CREATE INDEX notification_channels_list_idx ON notification_channels (organization_id, id)")
    op.execute("""
        CREATE TABLE deliveries (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT deliveries_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT deliveries_organization_id_fkey REFERENCES organizations (id),
            channel_id integer NOT NULL
                CONSTRAINT deliveries_channel_id_fkey REFERENCES notification_channels (id),
            message_id text NOT NULL CONSTRAINT deliveries_message_id_key UNIQUE,
            deduplication_key text NOT NULL,
            severity integer NOT NULL,
            notification jsonb NOT NULL,
            subject text,
            state text NOT NULL,
            requested_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            claim integer NOT NULL DEFAULT 0,
            claimed_until timestamptz,
            sending_at timestamptz,
            attempts integer NOT NULL DEFAULT 0,
            may_repeat boolean NOT NULL DEFAULT false,
            ended_at timestamptz,
            message text,
            CONSTRAINT deliveries_organization_id_channel_id_deduplication_key_key
                UNIQUE (organization_id, channel_id, deduplication_key)
        )""")
    op.execute("CREATE INDEX deliveries_list_idx ON deliveries (organization_id, id DESC)")
    op.execute("CREATE INDEX deliveries_channel_idx ON deliveries (channel_id, id DESC)")
    op.execute("CREATE INDEX deliveries_subject_idx ON deliveries (organization_id, subject, id)")
    op.execute("""
        CREATE INDEX deliveries_open_idx ON deliveries (organization_id, due_at)
        WHERE state IN ('waiting', 'sending')""")
    op.execute("""
        CREATE TABLE delivery_attempts (
            delivery_id bigint NOT NULL
                CONSTRAINT delivery_attempts_delivery_id_fkey REFERENCES deliveries (id) ON DELETE CASCADE,
            claim integer NOT NULL,
            organization_id integer NOT NULL,
            began_at timestamptz NOT NULL,
            ended_at timestamptz,
            outcome text,
            status integer,
            answer text,
            may_repeat boolean NOT NULL,
            CONSTRAINT delivery_attempts_pkey PRIMARY KEY (delivery_id, claim)
        )""")
