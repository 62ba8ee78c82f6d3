"""Identities at an identity provider, the roles that its groups give, and which sessions began there."""

from alembic import op

revision = "0021"
down_revision = "0019"


def upgrade() -> None:
    """Nobody has an identity yet: users keep their passwords, members what administrators gave them."""
    op.execute("ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL")
    op.execute("ALTER TABLE members ADD COLUMN by_group boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE sessions ADD COLUMN issuer text, ADD COLUMN provider_session text")
    op.execute("""
        CREATE TABLE identities (
            issuer text NOT NULL,
            subject text NOT NULL,
            user_id integer NOT NULL CONSTRAINT identities_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            groups text[] NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL,
            signed_in_at timestamptz NOT NULL,
            CONSTRAINT identities_pkey PRIMARY KEY (issuer, subject)
        )""")
    op.execute("CREATE INDEX identities_user_id_idx ON identities (user_id)")
    op.execute("""
        CREATE TABLE group_roles (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT group_roles_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT group_roles_organization_id_fkey REFERENCES organizations (id),
            name text NOT NULL,
            role text NOT NULL,
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT group_roles_organization_id_name_key UNIQUE (organization_id, name)
        )""")
    op.execute("CREATE INDEX group_roles_name_idx ON group_roles (name)")
