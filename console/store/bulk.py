"""Many rows at once: write only those that differ from what is stored, in one statement."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]
Records = list[tuple[Any, ...]]  # rows as tuples of named columns
MANY = 200  # rows; from here on COPY is cheaper than arrays, by half for 3,000
_ddl = postgresql.dialect()  # type: ignore[no-untyped-call]


def rows_of(table: sa.Table, names: Sequence[str], rows: Sequence[Row], alias: str = "source") -> sa.FromClause:
    """The rows as a table in a statement: one array a column, so that the statement's text stays the same."""
    arrays, columns = [], []
    for name in names:
        kind = sa.Text() if isinstance(table.c[name].type, JSONB) else table.c[name].type
        nul = "\\u0000" if isinstance(table.c[name].type, JSONB) else "\0"
        values = [_without(nul, row[name]) for row in rows]
        arrays.append(sa.bindparam(f"{alias}_{name}", values, type_=ARRAY(kind)))
        columns.append(sa.column(name, kind))
    return sa.func.unnest(*arrays).table_valued(*columns, name=alias).render_derived()


def _without(nul: str, value: Any) -> Any:
    """The value as PostgreSQL can keep it: its text knows no NUL, which others may well send us."""
    return value.replace(nul, "\ufffd") if isinstance(value, str) and nul in value else value


async def _source(
    connection: AsyncConnection, table: sa.Table, names: Sequence[str], rows: Sequence[Row]
) -> sa.FromClause:
    if len(rows) < MANY:
        return rows_of(table, names, rows)
    return await passed(connection, table, names, records_of(rows, names))


async def passed(connection: AsyncConnection, table: sa.Table, names: Sequence[str], records: Records) -> sa.FromClause:
    """The records as a table for the next statement: few as arrays, many by COPY into a passing table.

    The passing table is the session's own and empty after each commit.
    """
    if len(records) < MANY:
        return rows_of(table, names, [dict(zip(names, record, strict=True)) for record in records])
    name = f"passed_{table.name}"
    kinds = {column.name: "text" if isinstance(column.type, JSONB) else column.type.compile(_ddl) for column in table.c}
    columns = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
    await connection.execute(sa.text(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns}) ON COMMIT DELETE ROWS"))
    await connection.execute(sa.text(f"DELETE FROM {name}"))  # what this transaction passed before
    await copy_records(connection, table, names, records, into=name)
    return sa.table(name, *(sa.column(one, sa.Text() if kinds[one] == "text" else table.c[one].type) for one in names))


async def copy_records(
    connection: AsyncConnection,
    table: sa.Table,
    names: Sequence[str],
    records: Records,
    *,
    into: str | None = None,
    nul: bool = True,
) -> None:
    """COPY the records into the table, or into another with its columns, within the transaction that has begun.

    `nul`: replace each NUL in a text; else PostgreSQL refuses them all.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    name, records = into or table.name, _without_nul(table, names, records) if nul else records
    try:
        await driver.copy_records_to_table(name, records=records, columns=names)
    except asyncpg.PostgresError as error:
        raise sa.exc.DBAPIError(f"COPY {name}", None, error) from error


def records_of(rows: Sequence[Row], names: Sequence[str]) -> Records:
    """The rows as tuples of these columns."""
    return [*map(itemgetter(*names), rows)] if len(names) > 1 else [(row[names[0]],) for row in rows]


def _without_nul(table: sa.Table, names: Sequence[str], records: Records) -> Records:
    for place, name in enumerate(names):
        nul = "\\u0000" if isinstance(table.c[name].type, JSONB) else "\0"
        texts = isinstance(table.c[name].type, (sa.Text, JSONB))
        if texts and nul in "".join(filter(None, map(itemgetter(place), records))):
            records = [(*one[:place], _without(nul, one[place]), *one[place + 1 :]) for one in records]
    return records


async def upsert_changed(
    connection: AsyncConnection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    compare: Sequence[str],
    on_insert: Row | None = None,
    on_change: Row | None = None,
    newer: str | None = None,
    latest: Collection[str] = (),
) -> list[tuple[Any, ...]]:
    """Write the rows whose `compare` columns differ from what is stored, or that are not stored; their keys.

    Rows that say nothing new are not even locked. `on_insert` and `on_change` are further columns to set then. With
    `newer`, a stored row is left alone if its column of that name is later than the passed one. Times in `latest` only
    ever move forward.
    """
    if not rows:
        return []
    fresh = on_insert or {}
    names = [*key, *compare, *([newer] if newer else [])]
    source = await _source(connection, table, names, rows)

    def becomes(name: str, passed: Any) -> "sa.ColumnElement[Any]":
        return sa.func.greatest(table.c[name], passed[name]) if name in latest else passed[name]

    same_key = sa.and_(*(table.c[name] == source.c[name] for name in key))
    differs = sa.or_(*(table.c[name].is_distinct_from(becomes(name, source.c)) for name in compare))
    absent = table.c[key[0]].is_(None)
    if newer:
        differs = sa.and_(differs, sa.or_(table.c[newer].is_(None), table.c[newer] <= source.c[newer]))
    chosen = (
        sa.select(
            *(source.c[name] for name in names),
            *(sa.bindparam(f"new_{k}", v, type_=table.c[k].type) for k, v in fresh.items()),
        )
        .select_from(source.outerjoin(table, same_key))
        .where(sa.or_(absent, differs))
        .order_by(*(source.c[name] for name in key))
    )
    statement = insert(table).from_select([*names, *fresh], chosen)
    again = sa.or_(*(table.c[name].is_distinct_from(becomes(name, statement.excluded)) for name in compare))
    if newer:
        again = sa.and_(again, sa.or_(table.c[newer].is_(None), table.c[newer] <= statement.excluded[newer]))
    changes = {name: becomes(name, statement.excluded) for name in names if name not in key}
    upsert = statement.on_conflict_do_update(
        index_elements=list(key), set_={**changes, **(on_change or {})}, where=again
    ).returning(*(table.c[name] for name in key))
    return [tuple(row) for row in (await connection.execute(upsert)).all()]


async def insert_once(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Row], *, key: Sequence[str], same: Row | None = None
) -> list[tuple[Any, ...]]:
    """Insert the rows that are not there yet; the keys of those that were really inserted.

    `same` are further columns, which are the same in all rows.
    """
    if not rows:
        return []
    names = list(rows[0])
    return await _insert(connection, table, names, await _source(connection, table, names, rows), key, same or {})


async def insert_records(
    connection: AsyncConnection, table: sa.Table, names: Sequence[str], records: Records, *, key: Sequence[str]
) -> Records:
    """The same of rows as tuples of these columns."""
    if not records:
        return []
    return await _insert(connection, table, names, await passed(connection, table, names, records), key, {})


async def _insert(
    connection: AsyncConnection,
    table: sa.Table,
    names: Sequence[str],
    source: sa.FromClause,
    key: Sequence[str],
    shared: Row,
) -> Records:
    columns = [sa.cast(source.c[n], JSONB) if isinstance(table.c[n].type, JSONB) else source.c[n] for n in names]
    columns += [sa.bindparam(f"same_{name}", value, type_=table.c[name].type) for name, value in shared.items()]
    statement = insert(table).from_select(
        [*names, *shared], sa.select(*columns).order_by(*(source.c[name] for name in key if name in source.c))
    )
    statement = statement.on_conflict_do_nothing(index_elements=list(key))
    return [tuple(row) for row in (await connection.execute(statement.returning(*(table.c[n] for n in key)))).all()]
