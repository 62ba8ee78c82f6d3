"""Rules by which the console tops SIMs up by itself; none is there, and none begins to act by itself."""

from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """One rule for an organization's SIMs, and one for each tag."""
    op.execute("""
        CREATE TABLE auto_top_ups (
            id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            organization_id integer NOT NULL REFERENCES organizations,
            tag text NOT NULL DEFAULT '',
            below_bytes bigint,
            below_days integer,
            payment_method text NOT NULL,
            most_per_day integer NOT NULL,
            is_on boolean NOT NULL DEFAULT false,
            caller text NOT NULL,
            changed_by text NOT NULL,
            changed_at timestamptz NOT NULL,
            checked_at timestamptz,
            message text,
            UNIQUE (organization_id, tag),
            CHECK (below_bytes IS NOT NULL OR below_days IS NOT NULL)
        )""")
