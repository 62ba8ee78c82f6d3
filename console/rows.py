"""Many rows at once: write only those that differ from what is stored, in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]


def told(table: sa.Table, names: Sequence[str], rows: Sequence[Row], alias: str = "told") -> sa.FromClause:
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
) -> list[tuple[Any, ...]]:
    """Write the rows whose `compare` columns differ from what is stored, or that are not stored; their keys.

    Rows that say nothing new are not even locked. `on_insert` and `on_change` are further columns to set then. With
    `newer`, a stored row is left alone if its column of that name is later than the told one.
    """
    if not rows:
        return []
    fresh = on_insert or {}
    names = [*key, *compare, *([newer] if newer else [])]
    source = told(table, names, rows)
    same_key = sa.and_(*(table.c[name] == source.c[name] for name in key))
    differs = sa.or_(*(table.c[name].is_distinct_from(source.c[name]) for name in compare))
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
    again = sa.or_(*(table.c[name].is_distinct_from(statement.excluded[name]) for name in compare))
    if newer:
        again = sa.and_(again, sa.or_(table.c[newer].is_(None), table.c[newer] <= statement.excluded[newer]))
    changes = {name: statement.excluded[name] for name in names if name not in key}
    upsert = statement.on_conflict_do_update(
        index_elements=list(key), set_={**changes, **(on_change or {})}, where=again
    ).returning(*(table.c[name] for name in key))
    return [tuple(row) for row in (await connection.execute(upsert)).all()]


async def insert_once(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Row], *, key: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Insert the rows that are not there yet; the keys of those that were really inserted."""
    if not rows:
        return []
    names = list(rows[0])
    source = told(table, names, rows)
    columns = [sa.cast(source.c[n], JSONB) if isinstance(table.c[n].type, JSONB) else source.c[n] for n in names]
    statement = insert(table).from_select(names, sa.select(*columns)).on_conflict_do_nothing(index_elements=list(key))
    return [tuple(row) for row in (await connection.execute(statement.returning(*(table.c[n] for n in key)))).all()]
