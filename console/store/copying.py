"""Many new rows into a table by COPY itself, without a passing table between: for rows most of which are not there.

An INSERT that passes over conflicts costs PostgreSQL twice as much: it writes, indexes and confirms each row alone.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.store.bulk import MANY, Records, copy_records, insert_records, passed
from console.store.sqlstates import has_nul, is_duplicate


async def copy_new(
    connection: AsyncConnection,
    table: sa.Table,
    names: Sequence[str],
    records: Records,
    *,
    key: Sequence[str],
    moment: str,
    since: datetime,
) -> Records:
    """Insert the records that are not there yet, in the order of their keys; those that were really inserted.

    Their keys differ, but all have the same in the first column of the key, the organization. Those whose `moment` is
    before `since`, and few, go the longer way: tables may be cut by that column, and of old parts there are many, which
    may be packed.
    """
    at, rest_of = itemgetter(names.index(moment)), itemgetter(*map(names.index, key[1:]))
    records = sorted(records, key=rest_of)
    recent = [record for record in records if at(record) >= since]
    if len(recent) < MANY:
        return await _passed(connection, table, names, records, key)
    known = await _known(connection, table, names, recent, key, moment)
    new = [record for record in recent if rest_of(record) not in known] if known else recent
    new = await _copied(connection, table, names, new, key)
    if len(recent) < len(records):
        new += await _passed(connection, table, names, [one for one in records if at(one) < since], key)
        new.sort(key=rest_of)
    return new


async def _copied(
    connection: AsyncConnection, table: sa.Table, names: Sequence[str], records: Records, key: Sequence[str]
) -> Records:
    try:
        async with connection.begin_nested():
            await copy_records(connection, table, names, records, nul=False)
    except sa.exc.DBAPIError as error:  # somebody else has just committed the same, or there is a NUL in a text
        if not (is_duplicate(error) or has_nul(error)):
            raise
        return await _passed(connection, table, names, records, key)
    return records


async def _passed(
    connection: AsyncConnection, table: sa.Table, names: Sequence[str], records: Records, key: Sequence[str]
) -> Records:
    new = set(await insert_records(connection, table, names, records, key=key))
    key_of = itemgetter(*map(names.index, key))
    return [record for record in records if key_of(record) in new]


async def _known(
    connection: AsyncConnection,
    table: sa.Table,
    names: Sequence[str],
    records: Records,
    key: Sequence[str],
    moment: str,
) -> set[tuple[Any, ...]]:
    """The rest of the keys, behind the organization, of those that are there already: each is looked for by its key."""
    rest, first = key[1:], min(map(itemgetter(names.index(moment)), records))
    asked = await passed(connection, table, rest, [*map(itemgetter(*map(names.index, rest)), records)])
    theirs = table.c[key[0]] == records[0][names.index(key[0])]
    same = [table.c[name] == asked.c[name] for name in rest]
    # One row at most for each: so it can't be planned as a comparison with the whole table.
    there: sa.Select[Any] = sa.select(sa.literal_column("1")).where(theirs, *same, table.c[moment] >= first)
    query = sa.select(*(asked.c[name] for name in rest)).select_from(
        asked.join(there.limit(1).lateral("there"), sa.true())
    )
    return {*map(tuple, (await connection.execute(query)).all())}
