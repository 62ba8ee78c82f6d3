"""Second factors of users, and since when organizations demand one."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """No user has one yet, no organization demands one, and no session has proved one."""
    op.execute("""
        CREATE TABLE second_factors (
            user_id integer NOT NULL CONSTRAINT second_factors_pkey PRIMARY KEY
                CONSTRAINT second_factors_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            secret_sealed bytea NOT NULL,
            last_step bigint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            confirmed_at timestamptz
        )""")
    op.execute("""
        CREATE TABLE recovery_codes (
            user_id integer NOT NULL
                CONSTRAINT recovery_codes_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            code_hash bytea NOT NULL,
            CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash)
        )""")
    op.execute("ALTER TABLE organizations ADD COLUMN second_factor_from timestamptz")
    op.execute("ALTER TABLE sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE sessions ADD COLUMN proved_at timestamptz")
    op.execute("UPDATE sessions SET proved_at = created_at")
    op.execute("ALTER TABLE sessions ALTER COLUMN proved_at SET NOT NULL")
