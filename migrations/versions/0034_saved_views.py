"""Views of the list of SIMs that people keep, and which of them each opens it with."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Nobody has one yet."""
    op.execute("""
        CREATE TABLE saved_views (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT saved_views_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT saved_views_organization_id_fkey REFERENCES organizations (id),
            user_id integer CONSTRAINT saved_views_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            name text NOT NULL,
            query text NOT NULL,
            changed_by text NOT NULL,
            changed_at timestamptz NOT NULL
        )""")
    op.execute("CREATE UNIQUE INDEX saved_views_name_idx ON saved_views (organization_id, coalesce(user_id, 0), name)")
    op.execute("""
        CREATE TABLE default_views (
            organization_id integer NOT NULL
                CONSTRAINT default_views_organization_id_fkey REFERENCES organizations (id),
            user_id integer NOT NULL CONSTRAINT default_views_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
            saved_view_id integer NOT NULL
                CONSTRAINT default_views_saved_view_id_fkey REFERENCES saved_views (id) ON DELETE CASCADE,
            CONSTRAINT default_views_pkey PRIMARY KEY (organization_id, user_id)
        )""")
