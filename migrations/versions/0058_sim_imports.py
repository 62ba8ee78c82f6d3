"""Files of tags, notes and custom fields: what each would change, and what became of it."""

from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """There is none yet."""
    op.execute("""
        CREATE TABLE sim_imports (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT sim_imports_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT sim_imports_organization_id_fkey REFERENCES organizations (id),
            columns text[] NOT NULL,
            ignored text[] NOT NULL,
            changes jsonb NOT NULL,
            errors jsonb NOT NULL,
            unchanged integer NOT NULL,
            made_by text NOT NULL,
            made_at timestamptz NOT NULL,
            applied_by text,
            applied_at timestamptz,
            undone_by text,
            undone_at timestamptz,
            not_undone integer
        )""")
    op.execute("CREATE INDEX sim_imports_idx ON sim_imports (organization_id, id)")
