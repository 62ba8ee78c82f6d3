"""Which usage records came without one of their times, so that they are known when they come again with both."""

from alembic import op

revision = "0024"
down_revision = "0018"


def upgrade() -> None:
    """Records from before are not in it: one that comes again with another of its times counts again."""
    op.execute("""
        CREATE TABLE usage_incomplete (
            organization_id integer NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
            record_id bigint NOT NULL,
            iccid text NOT NULL,
            time timestamptz NOT NULL,
            CONSTRAINT usage_incomplete_pkey PRIMARY KEY (organization_id, record_id, iccid, time)
        )""")
