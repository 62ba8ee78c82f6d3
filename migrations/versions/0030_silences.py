"""Silences, and maintenance windows with the boundaries of their next occurrence."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """New tables: nothing waits."""
    op.execute("""
        CREATE TABLE silences (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT silences_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT silences_organization_id_fkey REFERENCES organizations (id),
            matchers jsonb NOT NULL,
            reason text NOT NULL,
            begins_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            ended_by text,
            active boolean NOT NULL DEFAULT false
        )""")
    op.execute("CREATE INDEX silences_list_idx ON silences (organization_id, ends_at DESC)")
    op.execute("""
        CREATE TABLE maintenance_windows (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT maintenance_windows_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT maintenance_windows_organization_id_fkey REFERENCES organizations (id),
            name text NOT NULL,
            matchers jsonb NOT NULL,
            time_zone text NOT NULL,
            first_begin text NOT NULL,
            rule text,
            length_minutes integer NOT NULL,
            next_begins_at timestamptz,
            next_ends_at timestamptz,
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            removed_at timestamptz,
            active boolean NOT NULL DEFAULT false
        )""")
    op.execute("CREATE INDEX maintenance_windows_list_idx ON maintenance_windows (organization_id, id)")
