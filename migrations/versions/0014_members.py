"""Users are members of organizations; sessions are of one member; API keys have scopes, networks and an end."""

from alembic import op

revision = "0014"
down_revision = "0013"

READING = ("sims:read", "alerts:read", "stream:read")
OPERATING = (*READING, "sims:write", "sims:act", "sims:spend", "sms:send", "alerts:act")
EVERYTHING = (*OPERATING, "alerts:write", "budgets:write", "jobs:run", "audit:read", "admin")
SCOPES = {"viewer": READING, "operator": OPERATING, "admin": EVERYTHING}


def upgrade() -> None:
    """Each user becomes a member of the organization that they were of, and each session is of that member."""
    op.execute("""
        CREATE TABLE members (
            organization_id integer NOT NULL CONSTRAINT members_organization_id_fkey REFERENCES organizations (id),
            user_id integer NOT NULL CONSTRAINT members_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            role text NOT NULL,
            created_at timestamptz NOT NULL,
            disabled_at timestamptz,
            last_seen_at timestamptz,
            CONSTRAINT members_pkey PRIMARY KEY (organization_id, user_id)
        )""")
    op.execute("CREATE INDEX members_user_id_idx ON members (user_id)")
    op.execute("""
        INSERT INTO members (organization_id, user_id, role, created_at, last_seen_at)
        SELECT organization_id, id, role, created_at, last_sign_in_at FROM users""")
    _sessions()
    op.execute("ALTER TABLE users DROP COLUMN organization_id, DROP COLUMN role")
    _links()
    _keys()
    op.execute("""
        CREATE TABLE credential_checks (
            organization_id integer NOT NULL
                CONSTRAINT credential_checks_pkey PRIMARY KEY
                CONSTRAINT credential_checks_organization_id_fkey REFERENCES organizations (id),
            requested_at timestamptz NOT NULL,
            checked_at timestamptz,
            accepted boolean,
            found text
        )""")


def _sessions() -> None:
    op.execute("""
        ALTER TABLE sessions
            ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT sessions_id_key UNIQUE,
            ADD COLUMN organization_id integer,
            ADD COLUMN address text NOT NULL DEFAULT '',
            ADD COLUMN agent text NOT NULL DEFAULT ''""")
    op.execute("UPDATE sessions SET organization_id = users.organization_id FROM users WHERE users.id = user_id")
    op.execute("""
        ALTER TABLE sessions
            ALTER COLUMN organization_id SET NOT NULL,
            DROP CONSTRAINT sessions_user_id_fkey,
            ADD CONSTRAINT sessions_organization_id_user_id_fkey
                FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id)
                ON DELETE CASCADE""")
    op.execute("DROP INDEX sessions_user_id_idx")
    op.execute("CREATE INDEX sessions_user_id_organization_id_idx ON sessions (user_id, organization_id)")


def _links() -> None:
    op.execute("""
        CREATE TABLE one_time_links (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT one_time_links_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT one_time_links_organization_id_fkey REFERENCES organizations (id),
            token_hash bytea NOT NULL CONSTRAINT one_time_links_token_hash_key UNIQUE,
            role text,
            user_id integer,
            note text NOT NULL DEFAULT '',
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT one_time_links_organization_id_user_id_fkey
                FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id) ON DELETE CASCADE,
            CONSTRAINT one_time_links_purpose_check CHECK ((role IS NULL) <> (user_id IS NULL))
        )""")
    op.execute("CREATE INDEX one_time_links_organization_id_idx ON one_time_links (organization_id)")


def _keys() -> None:
    op.execute("""
        ALTER TABLE api_keys
            ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
            ADD COLUMN networks text[] NOT NULL DEFAULT '{}',
            ADD COLUMN expires_at timestamptz,
            ADD COLUMN created_by text NOT NULL DEFAULT ''""")
    for role, scopes in SCOPES.items():
        listed = ", ".join(f"'{scope}'" for scope in scopes)
        op.execute(f"UPDATE api_keys SET scopes = ARRAY[{listed}] WHERE role = '{role}'")
    op.execute("ALTER TABLE api_keys DROP COLUMN role")
