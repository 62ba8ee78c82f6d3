"""Databases for tests: one of each edition is migrated once, emptied before each test, and given rows kept from before.

To empty one costs some 10 ms, to copy a template 50 to 500 ms, to write the cast 200 ms (four passwords are hashed).
"""

import itertools
from datetime import UTC, datetime

import asyncpg  # type: ignore[import-untyped]
from msgspec import Struct

from console.migrate import migrate
from console.store.database import open_database
from tests.cast import Cast

TEMPLATE = "migrated"
# Tables and sequences of the migrated schema, without the one that says how far it is migrated.
_TABLES = """
SELECT c.oid::regclass::text AS name,
  pg_relation_size(c.oid) > 1000000 OR EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid) AS large
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
"""
_SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename) AS name, last_value AS last
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
_COLUMNS = """
SELECT quote_ident(attname) AS name, atttypid = 'timestamptz'::regtype AS moment
FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
# What a test can change of the schema: relations, columns, constraints, triggers, functions, settings.
_SCHEMA = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
  SELECT format('%s %s', oid, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s %s', attrelid, attname, atttypid, attnotnull)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL SELECT format('constraint %s', oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('trigger %s %s', t.oid, tgenabled) FROM pg_trigger t JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('function %s', md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT format('setting %s', setconfig) FROM pg_db_role_setting
  UNION ALL SELECT format('migration %s', version_num) FROM alembic_version
) AS parts (part)
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Rows(Struct, frozen=True, kw_only=True):
    """Rows that can be put into an empty database again, with each moment moved by the time passed since."""

    kept_at: datetime
    inserts: list[tuple[str, str]]  # each takes the interval by which moments are moved, and its rows as JSON
    sequences: str


class KeptCast(Struct, frozen=True, kw_only=True):
    """The cast with its rows, and the facts that were published when it was written."""

    cast: Cast
    rows: Rows
    facts: list[str]


class Cluster:
    """A PostgreSQL with one migrated database for tests, one test at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.admin = self._plain("postgres")
        self.cast: KeptCast | None = None
        self._numbers = itertools.count(1)
        self._name: str | None = None
        self._schema = ""

    def named(self, name: str) -> str:
        """The DATABASE_URL of a database here."""
        return self.url.rsplit("/", 1)[0] + "/" + name

    async def ask(self, sql: str) -> None:
        """Execute a statement outside of the tests' database."""
        connection = await asyncpg.connect(self.admin)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def empty(self) -> str:
        """The name of a migrated database without rows, and nobody connected to it.

        It is the one of the test before, unless that test has changed its schema.
        """
        if self._name is not None and not await self._emptied(self._name):
            await self.ask(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
            self._name = None
        if self._name is None:
            self._name = await self._made()
        return self._name

    async def keep(self) -> Rows:
        """All rows that the database has now."""
        kept_at = datetime.now(UTC)
        connection = await asyncpg.connect(self._plain(self._name))
        try:
            inserts = []
            for table in [row["name"] for row in await connection.fetch(_TABLES)]:
                rows = await connection.fetchval(f"SELECT json_agg(t)::text FROM {table} t")
                if rows is not None:
                    columns = await connection.fetch(_COLUMNS, table)
                    names = ", ".join(one["name"] for one in columns)
                    values = ", ".join(
                        f"{one['name']} + $1::interval" if one["moment"] else one["name"] for one in columns
                    )
                    insert = (
                        f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE "
                        f"SELECT {values} FROM json_populate_recordset(NULL::{table}, $2::json) "
                        "WHERE $1::interval IS NOT NULL"
                    )
                    inserts.append((insert, rows))
            sequences = [f"setval('{one['name']}', {one['last']})" for one in await connection.fetch(_SEQUENCES)]
        finally:
            await connection.close()
        return Rows(kept_at=kept_at, inserts=inserts, sequences=f"SELECT {', '.join(sequences)}")

    async def put_back(self, rows: Rows) -> None:
        """Insert these rows into the empty database."""
        connection = await asyncpg.connect(self._plain(self._name))
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL session_replication_role = replica")
                for insert, kept in rows.inserts:
                    await connection.execute(insert, datetime.now(UTC) - rows.kept_at, kept)
                await connection.execute(rows.sequences)
        finally:
            await connection.close()

    def _plain(self, name: str | None) -> str:
        return self.named(name or "").replace("postgresql+asyncpg", "postgresql")

    async def _made(self) -> str:
        if not self._schema:
            await self._migrate(TEMPLATE)
        name = f"test_{next(self._numbers)}"
        await self.ask(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        connection = await asyncpg.connect(self._plain(name))
        self._schema = await connection.fetchval(_SCHEMA)
        await connection.close()
        return name

    async def _migrate(self, name: str) -> None:
        await self.ask(f"CREATE DATABASE {name}")
        db = open_database(self.named(name), "redis://127.0.0.1:1/0", connections=1)
        async with db.engine.connect() as connection:
            await connection.run_sync(migrate)
        await db.close()
        # A template that somebody is connected to can't be copied, and TimescaleDB's workers connect to every database.
        await self.ask(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
        await self.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    async def _emptied(self, name: str) -> bool:
        """Delete all rows (migrations leave none); False if the schema has been changed, or nobody may connect."""
        try:
            connection = await asyncpg.connect(self._plain(name))
        except asyncpg.PostgresError:
            return False
        try:
            await connection.execute(_END_OTHERS)
            if await connection.fetchval(_SCHEMA) != self._schema:
                return False
            tables = await connection.fetch(_TABLES)
            statements = ["SET LOCAL session_replication_role = replica"]
            if large := ", ".join(one["name"] for one in tables if one["large"]):
                statements.append(f"TRUNCATE {large} CASCADE")
            statements += [f"DELETE FROM {one['name']}" for one in tables if not one["large"]]
            for one in await connection.fetch(_SEQUENCES):
                statements.append(f"SELECT setval('{one['name']}', 1, false)")
            async with connection.transaction():
                await connection.execute(";".join(statements))
        finally:
            await connection.close()
        return True
