"""Passkeys of users: public keys of authenticators, and how often each says that it was used."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """No user has one yet."""
    op.execute("""
        CREATE TABLE passkeys (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT passkeys_pkey PRIMARY KEY,
            user_id integer NOT NULL
                CONSTRAINT passkeys_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            credential_id bytea NOT NULL CONSTRAINT passkeys_credential_id_key UNIQUE,
            user_handle bytea NOT NULL,
            public_key bytea NOT NULL,
            uses bigint NOT NULL,
            host text NOT NULL,
            name text NOT NULL,
            created_at timestamptz NOT NULL,
            last_used_at timestamptz
        )""")
    op.execute("CREATE INDEX passkeys_user_id_idx ON passkeys (user_id)")
