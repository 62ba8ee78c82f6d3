"""Questions about the audit trail: its lines, and where each organization's chain has got to."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.audit.chain import Head
from console.audit.rules import AuditLine, LineFilter
from console.audit.tables import lines, seals
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

c = lines.c
ORDER = ((c.at, True), (c.id, True))
SEALED = ("number", "sealed_at")  # of the line's seal, once it has one
KEPT = tuple(name for name in AuditLine.__struct_fields__ if name not in (*SEALED, "time"))
COLUMNS = (c.at, *(c[name] for name in KEPT))


async def page(
    connection: AsyncConnection,
    organization_id: int,
    wanted: LineFilter,
    *,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[AuditLine], str | None]:
    """Lines, the latest first, and the cursor of the next page."""
    some = sa.select(*COLUMNS).where(*_wanted(organization_id, wanted))
    if cursor is not None:
        some = some.where(after(ORDER, cursor))
    found = some.order_by(c.at.desc(), c.id.desc()).limit(limit + 1).offset(offset).subquery()
    query = (
        sa.select(found, *(seals.c[name] for name in SEALED))
        .outerjoin(seals, sa.and_(seals.c.organization_id == organization_id, seals.c.line_id == found.c.id))
        .order_by(found.c.at.desc(), found.c.id.desc())
    )
    rows = (await connection.execute(query)).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    names = (*KEPT, *SEALED)
    return [AuditLine(time=row.at, **{name: getattr(row, name) for name in names}) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, wanted: LineFilter, *, exact: bool) -> Total:
    """How many lines these are."""
    return await count_rows(connection, sa.select(c.id).where(*_wanted(organization_id, wanted)), exact=exact)


def _wanted(organization_id: int, wanted: LineFilter) -> "Sequence[sa.ColumnElement[bool]]":
    found = [c.organization_id == organization_id]
    for column, values in ((c.action, wanted.action), (c.outcome, wanted.outcome), (c.actor_kind, wanted.actor_kind)):
        if values:
            found.append(column.in_(values))
    for one, value in ((c.actor, wanted.actor), (c.subject, wanted.subject)):
        if value is not None:
            found.append(one == value)
    if wanted.since is not None:
        found.append(c.at >= wanted.since)
    if wanted.until is not None:
        found.append(c.at < wanted.until)
    return [*found, *(c.words.contains(word, autoescape=True) for word in wanted.words)]


async def heads_of(connection: AsyncConnection, organizations: Collection[int]) -> dict[int, Head]:
    """Where the chain of each of these organizations has got to; those without a sealed line are left out."""
    found = {}
    for organization_id in organizations:
        query = sa.select(seals.c.number, seals.c.hmac).where(seals.c.organization_id == organization_id)
        if row := (await connection.execute(query.order_by(seals.c.number.desc()).limit(1))).first():
            found[organization_id] = Head(row.number, row.hmac)
    return found


async def chains(connection: AsyncConnection) -> list[int]:
    """The organizations that have lines; INSTALLATION is one of them."""
    query = sa.union(sa.select(lines.c.organization_id), sa.select(seals.c.organization_id))
    return sorted((await connection.execute(query)).scalars())


async def last_before(connection: AsyncConnection, organization_id: int, before: datetime) -> Head | None:
    """The last of an organization's lines of which it and all before it were written, and sealed, before a moment."""
    c, mine = seals.c, seals.c.organization_id == organization_id
    of_line = sa.and_(lines.c.id == c.line_id, lines.c.organization_id == organization_id)
    later = sa.select(sa.func.min(c.number)).join(lines, of_line).where(mine)
    first = later.where(sa.or_(lines.c.at >= before, c.sealed_at >= before)).scalar_subquery()
    query = sa.select(c.number, c.hmac).where(mine, c.number < sa.func.coalesce(first, sa.literal(2**62)))
    row = (await connection.execute(query.order_by(c.number.desc()).limit(1))).first()
    return Head(row.number, row.hmac) if row else None
