"""How the organizations' accounts at 1NCE stand: the circuit breaker of each, and what 1NCE offers there.

No step 0005 was ever released: its tables were folded into 0004 before that step landed, and later numbers were kept.
"""

from alembic import op

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    """Make them."""
    op.execute("""
        CREATE TABLE account_lines (
            organization_id integer NOT NULL
                CONSTRAINT account_lines_pkey PRIMARY KEY
                CONSTRAINT account_lines_organization_id_fkey REFERENCES organizations (id),
            state text NOT NULL,
            reason text,
            failures integer NOT NULL DEFAULT 0,
            since timestamptz,
            until timestamptz,
            moved_at timestamptz,
            answered_at timestamptz
        ) WITH (fillfactor = 50)""")
    op.execute("""
        CREATE TABLE account_operations (
            organization_id integer NOT NULL
                CONSTRAINT account_operations_organization_id_fkey REFERENCES organizations (id),
            operation text NOT NULL,
            offered boolean NOT NULL,
            sentence text,
            status smallint,
            since timestamptz NOT NULL,
            answered_at timestamptz NOT NULL,
            again_at timestamptz,
            CONSTRAINT account_operations_pkey PRIMARY KEY (organization_id, operation)
        ) WITH (fillfactor = 50)""")
