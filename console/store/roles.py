"""The two roles of the database: the owner, and the application's, which changes rows but no table and no audit line.

The owner migrates and prunes. The application's role can do neither, nor make itself able to: it owns nothing.
"""

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from console.errors import ConsoleError

KEPT = ("audit_lines", "audit_seals")  # rows are only ever inserted
READ = ("alembic_version",)
# In a block, which is parsed each time that it runs: TimescaleDB 2.19 adds the chunks to a GRANT's parsed form and ends
# the server when a prepared one runs a second time.
GRANTS = """DO $grants$ BEGIN
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role};
    GRANT USAGE, SELECT ON SEQUENCE {sequences} TO {role};
    REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role};
    REVOKE UPDATE, DELETE ON {kept} FROM {role};
    REVOKE INSERT, UPDATE, DELETE ON {read} FROM {role};
END $grants$"""


# Of the owner's own alone: what others have put into the schema is theirs to give.
OWNED = """
    SELECT string_agg(oid::regclass::text, ', ') FILTER (WHERE relkind <> 'S'),
        string_agg(oid::regclass::text, ', ') FILTER (WHERE relkind = 'S')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND pg_has_role(relowner, 'USAGE')"""


class Rights(Struct, frozen=True, kw_only=True):
    """What the role that asks could do, though the application needs none of it."""

    role: str
    owns: bool  # tables: it can change and drop them
    makes_tables: bool
    changes_audit: bool

    @property
    def too_many(self) -> bool:
        """Whether it could do more than the application needs."""
        return self.owns or self.makes_tables or self.changes_audit


def grant(connection: sa.Connection, application: str) -> str | None:
    """Give the application's role of this address what it needs and take the rest; its name.

    None, and nothing is done, if the address is the owner's own. The role is made, with the address's password, if it
    is not there. Called after each migration, as the owner. Raises ConsoleError if the owner may not.
    """
    address = make_url(application)
    mine = connection.execute(sa.text("SELECT current_user")).scalar_one()
    if address.username is None or address.username == mine:
        return None
    try:
        _make(connection, address)
        quote = connection.dialect.identifier_preparer.quote_identifier
        tables, sequences = connection.execute(sa.text(OWNED)).one()
        texts = {"role": quote(address.username), "kept": ", ".join(KEPT), "read": ", ".join(READ)}
        connection.exec_driver_sql(GRANTS.format(**texts, tables=tables, sequences=sequences))
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        raise ConsoleError(f"The owner can't set up the role {address.username} of DATABASE_URL: {said}") from error
    return address.username


def _make(connection: sa.Connection, address: URL) -> None:
    there = sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name")
    if connection.execute(there, {"name": address.username}).scalar():
        return
    text = sa.text("SELECT format('CREATE ROLE %I LOGIN NOINHERIT PASSWORD %L', :name ::text, :password ::text)")
    values = {"name": address.username, "password": address.password}
    connection.exec_driver_sql(connection.execute(text, values).scalar_one())


def rights(connection: sa.Connection) -> Rights:
    """What the role of this connection could do."""
    query = sa.text("""
        SELECT current_user AS role,
            EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                AND pg_has_role(relowner, 'MEMBER')) AS owns,
            has_schema_privilege('public', 'CREATE') AS makes_tables,
            coalesce(has_table_privilege(to_regclass('audit_lines'), 'UPDATE')
                OR has_table_privilege(to_regclass('audit_lines'), 'DELETE')
                OR has_table_privilege(to_regclass('audit_seals'), 'UPDATE')
                OR has_table_privilege(to_regclass('audit_seals'), 'DELETE'), false) AS changes_audit""")
    return Rights(**connection.execute(query).mappings().one())
