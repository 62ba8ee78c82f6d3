"""By which API key each API key was made, if one made it: it ends with that key."""

from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    """Of keys that there are nobody knows it any more: they stay as they are."""
    op.execute("""
        ALTER TABLE api_keys
            ADD COLUMN created_by_key_id integer,
            ADD CONSTRAINT api_keys_organization_id_created_by_key_id_fkey
                FOREIGN KEY (organization_id, created_by_key_id) REFERENCES api_keys (organization_id, id)
                ON DELETE CASCADE""")
    op.execute("CREATE INDEX api_keys_created_by_key_id_idx ON api_keys (created_by_key_id)")
