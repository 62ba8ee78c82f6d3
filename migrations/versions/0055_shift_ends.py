"""When shifts end, and who gets the handover then."""

from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Nobody gets it by itself yet."""
    op.execute("""
        CREATE TABLE handover_settings (
            organization_id integer NOT NULL
                CONSTRAINT handover_settings_organization_id_fkey REFERENCES organizations (id),
            setting jsonb NOT NULL,
            next_at timestamptz,
            CONSTRAINT handover_settings_pkey PRIMARY KEY (organization_id)
        )""")
