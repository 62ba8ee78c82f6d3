"""Who made each API key and each one-time link: what they made ends with their rights."""

from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Makers that there are are found by their name, where they are members; what nobody made stays nobody's."""
    op.execute("""
        ALTER TABLE api_keys
            ADD COLUMN created_by_user_id integer
                CONSTRAINT api_keys_created_by_user_id_fkey REFERENCES users (id) ON DELETE SET NULL""")
    op.execute("""
        ALTER TABLE one_time_links
            ADD COLUMN created_by_user_id integer
                CONSTRAINT one_time_links_created_by_user_id_fkey REFERENCES users (id) ON DELETE SET NULL,
            ADD COLUMN created_by_key_id integer""")
    op.execute("ALTER TABLE api_keys ADD CONSTRAINT api_keys_organization_id_id_key UNIQUE (organization_id, id)")
    op.execute("""
        ALTER TABLE one_time_links
            ADD CONSTRAINT one_time_links_organization_id_created_by_key_id_fkey
                FOREIGN KEY (organization_id, created_by_key_id) REFERENCES api_keys (organization_id, id)
                ON DELETE CASCADE""")
    for table in ("api_keys", "one_time_links"):
        op.execute(f"""
            UPDATE {table} AS made SET created_by_user_id = u.id
            FROM users AS u JOIN members AS m ON m.user_id = u.id
            WHERE u.name = made.created_by AND m.organization_id = made.organization_id""")
    op.execute("CREATE INDEX api_keys_created_by_user_id_idx ON api_keys (created_by_user_id)")
    op.execute("CREATE INDEX one_time_links_created_by_user_id_idx ON one_time_links (created_by_user_id)")
    op.execute("CREATE INDEX one_time_links_created_by_key_id_idx ON one_time_links (created_by_key_id)")
